package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/line"
)

// A fault is an error of this program's own, with the exit code and the hint
// that go with it. Refusals of the agent are [errcode.Error]s, and take theirs
// from the table in hints.go.
type fault struct {
	err  error
	exit int
	hint string // one imperative sentence with the exact command; may be empty
}

func (f *fault) Error() string { return f.err.Error() }

func (f *fault) Unwrap() error { return f.err }

// usagef is a mistake in the command line or in a file that it names.
func usagef(hint, format string, args ...any) error {
	return &fault{fmt.Errorf(format, args...), exitUsage, hint}
}

// failf is any other failure.
func failf(exit int, hint, format string, args ...any) error {
	return &fault{fmt.Errorf(format, args...), exit, hint}
}

// report writes what err says, and what to do about it, for a person, and
// returns the exit code. Subject is the profile or item that the command line
// names, for the hint; it may be empty.
func report(w io.Writer, err error, subject string) int {
	exit, hint := judge(err)
	text := "mfad: error: " + line.One(err.Error()) + "\n"
	if hint = strings.ReplaceAll(hint, placeholder, orName(subject)); hint != "" {
		text += "mfad: hint: " + line.One(hint) + "\n"
	}
	_, _ = io.WriteString(w, text)
	return exit
}

// judge finds the exit code and the hint of an error.
func judge(err error) (exit int, hint string) {
	var f *fault
	if errors.As(err, &f) {
		return f.exit, f.hint
	}
	var refusal *errcode.Error
	if errors.As(err, &refusal) {
		a := adviceOn(refusal.Code)
		return a.exit, a.hint
	}
	return exitError, ""
}

// orName makes a subject fit for a command that can be pasted.
func orName(subject string) string {
	if !config.ValidName(subject) || subject[0] == '-' {
		return "NAME"
	}
	return subject
}
