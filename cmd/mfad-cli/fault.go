package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"github.com/mfad/mfad/agent/client"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/line"
)

// The exit codes, as `mfad help exit-codes` tells them.
const (
	exitOK = iota
	exitError
	exitUsage
	exitPerson
	exitMissing
	exitRefused
	exitAgent
	exitLater

	exitNotRunnable = 126 // exec, as shells have it
	exitNotFound    = 127
	exitInterrupted = 130 // 128 + SIGINT
)

// A fault is an error of this program's own, with the exit code and the hint
// that go with it. Errors that have a code, such as refusals of the agent, take
// theirs from the table in hints.go.
type fault struct {
	err  error
	exit int
	hint string // one imperative sentence with the exact command; may be empty
}

func (f *fault) Error() string { return f.err.Error() }

func (f *fault) Unwrap() error { return f.err }

// errorf makes an error that has this advice.
func (a advice) errorf(format string, args ...any) error {
	return a.on(fmt.Errorf(format, args...))
}

// on gives an error this advice.
func (a advice) on(err error) error { return &fault{err, a.exit, a.hint} }

// usagef is a mistake in the command line or in a file that it names.
func usagef(hint, format string, args ...any) error {
	return advice{exitUsage, hint}.errorf(format, args...)
}

// A namedError is an error about a profile or an item that the command line
// names; the hint on it may need the name.
type namedError struct {
	error
	name string
}

func (e *namedError) Unwrap() error { return e.error }

// errorAbout says which profile or item an error, if it is one, is about.
func errorAbout(name string, err error) error {
	if err == nil {
		return nil
	}
	return &namedError{err, name}
}

// A verbError is an error of a verb; the hint on it is not to run that verb.
type verbError struct {
	error
	verb string // such as "profile show"
}

func (e *verbError) Unwrap() error { return e.error }

// ofVerb says which verb an error, if it is one, is of.
func ofVerb(verb string, err error) error {
	if err == nil {
		return nil
	}
	return &verbError{err, verb}
}

// reportError writes what err says, and what to do about it, for a person, and
// returns the exit code.
func reportError(w io.Writer, err error) int {
	exit, hint := exitAndHint(err)
	var named *namedError
	name := errcode.Told(err)["profile"] // of several that the command line names
	if errors.As(err, &named) {
		name = named.name
	}
	text := "mfad: error: " + line.One(err.Error()) + "\n"
	var of *verbError
	if errors.As(err, &of) {
		hint = hintFrom(of.verb, hint)
	}
	if hint = strings.ReplaceAll(hint, placeholder, pasteName(name)); hint != "" {
		text += "mfad: hint: " + line.One(hint) + "\n"
	}
	_, _ = io.WriteString(w, text)
	return exit
}

// exitAndHint finds the exit code and the hint of an error.
func exitAndHint(err error) (exit int, hint string) {
	var f *fault
	if errors.As(err, &f) {
		return f.exit, f.hint
	}
	if code, coded := errcode.Of(err); coded {
		return adviceOn(code).exit, hintOf(code, err)
	}
	if errors.Is(err, syscall.EROFS) {
		a := adviceOn(errcode.ReadOnly)
		return a.exit, a.hint
	}
	return exitError, noHint
}

// lookAround is what there is to do about an error that nothing else helps with.
const lookAround = `Run "mfad doctor" to see what is in the way.`

// hintFrom is a hint for who has run a verb: it sends nobody back to that verb,
// unless it says to run it again, or with other arguments.
func hintFrom(verb, hint string) string {
	names := func(clause string) bool { return strings.Contains(clause, `"mfad `+verb+`"`) }
	first, rest, _ := strings.Cut(hint, "; ")
	switch {
	case !names(hint):
		return hint
	case names(first) && strings.HasPrefix(first, `Run "`) && !strings.Contains(first, `" again`):
		if verb == "doctor" {
			return noHint
		}
		return lookAround
	case !names(first) && names(rest):
		return strings.TrimSuffix(first, ".") + "."
	}
	return hint
}

// adviseOnLink gives an error of the way to the agent its exit code and hint; what
// the agent itself refused has them by its code.
func adviseOnLink(err error) error {
	var refusal *errcode.Error
	var f *fault
	var hung *client.HungError
	switch {
	case errors.As(err, &hung):
		return adviseOnHung(hung)
	case err == nil, errors.As(err, &refusal), errors.As(err, &f), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, client.ErrNoAgent):
		return &fault{err, exitAgent, `Run "mfad agent start"; most other verbs start it, too.`}
	case errors.Is(err, client.ErrNotStarted):
		return &fault{err, exitAgent, lookAround}
	case errors.Is(err, client.ErrNoProtocol):
		return &fault{err, exitAgent, `End that program, or set MFAD_SOCKET to a path of your own; then run the same again.`}
	case errors.Is(err, client.ErrAgentGone):
		return &fault{err, exitAgent, `Run the same again; if it happens again, "mfad doctor" names the agent's log.`}
	}
	return &fault{err, exitAgent, lookAround}
}

// adviseOnHung says how an agent that answers nothing goes on, or is replaced.
func adviseOnHung(hung *client.HungError) error {
	if hung.PID == 0 {
		return &fault{hung, exitAgent, `Run "mfad agent restart", or set MFAD_SOCKET to another path.`}
	}
	return &fault{hung, exitAgent, fmt.Sprintf(`Run "kill -CONT %d" if it was stopped, or "mfad agent restart".`, hung.PID)}
}

// pasteName makes a name fit for a command that can be pasted.
func pasteName(name string) string {
	if !config.ValidName(name) || name[0] == '-' {
		return "NAME"
	}
	return name
}

// canPaste says that no shell makes anything else of a value in a command.
func canPaste(value string) bool {
	return value != "" && value[0] != '-' && strings.IndexFunc(value, func(r rune) bool {
		return r > 0x7e || !config.ValidName(string(r)) && !strings.ContainsRune("=%,-.", r)
	}) < 0
}
