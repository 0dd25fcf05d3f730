// Package command gives the credentials that somebody else's credential_process
// prints, for profiles that have one.
//
// It runs the command line by the shell, as AWS's tools do, with the agent's
// environment and without a terminal, for a minute at most. It keeps nothing:
// the broker keeps what has an end, and runs the command again. That the command
// is not mfad itself is package config's to see.
package command

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/line"
)

// What the command may do: the Java SDK's limit on its output, and the Go SDK's
// on its time.
const (
	mostOutput = 64_000
	mostTime   = time.Minute
	// mostShown is how much of its stderr an error shows.
	mostShown = 300
)

var errTooMuch = fmt.Errorf("it printed more than %d bytes", mostOutput)

// New is the source of steps of kind [config.KindProcess]. Now is the clock by
// which what a command prints may have ended already; nil is time.Now.
func New(now func() time.Time) credproc.Source {
	if now == nil {
		now = time.Now
	}
	return source{now}
}

type source struct{ now func() time.Time }

var _ credproc.Source = source{}

// Kind implements [credproc.Source].
func (source) Kind() config.StepKind { return config.KindProcess }

// Identity implements [credproc.Source]. The command line may hold secrets: it
// is hashed, with the account that the profile names, which is in what is made.
func (source) Identity(_ context.Context, step config.Step) (credproc.Identity, error) {
	process := step.Spec.(config.Process)
	hash := sha256.Sum256([]byte(process.Account.Text + "\x00" + process.Command.Text))
	return credproc.Identity{Key: "process " + hex.EncodeToString(hash[:6]), Name: step.Profile}, nil
}

// Make implements [credproc.Source].
func (s source) Make(ctx context.Context, step config.Step, _ credproc.Identity, ask credproc.Asker) (credproc.Given, error) {
	credproc.Await(ask, "the credential_process of profile "+step.Profile)
	process := step.Spec.(config.Process)
	creds, err := run(ctx, process.Command.Text, s.now())
	if err != nil {
		program, _, _ := strings.Cut(strings.TrimSpace(process.Command.Text), " ")
		return credproc.Given{}, errcode.With(fmt.Errorf("credential_process (%s): %w", process.Command.Origin, err), "program", program)
	}
	creds.AccountID = cmp.Or(creds.AccountID, process.Account.Text)
	return credproc.Given{Credentials: creds}, nil
}

// run runs the command line and reads what it prints. No error shows what it
// wrote to stdout.
func run(ctx context.Context, command string, now time.Time) (credproc.Credentials, error) {
	ctx, cancel := context.WithTimeout(ctx, mostTime)
	defer cancel()
	stdout, stderr := &limited{room: mostOutput, full: errTooMuch}, &limited{room: 4096}
	cmd := shellCommand(ctx, command)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.WaitDelay = time.Second // for grandchildren that keep the pipes open
	err := cmd.Run()
	defer clear(stdout.text.Bytes())
	switch {
	case ctx.Err() != nil:
		return credproc.Credentials{}, fmt.Errorf("it did not end in time: %w", ctx.Err())
	case stdout.over:
		return credproc.Credentials{}, errTooMuch
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return credproc.Credentials{}, fmt.Errorf("it failed (%w)%s", err, stderr.shown())
	}
	return credproc.ParseDocument(stdout.text.Bytes(), now)
}

// limited keeps the beginning of what is written to it. Of the rest it says
// that it is full, which closes the pipe, or swallows it when full is nil.
type limited struct {
	text bytes.Buffer
	room int
	full error
	over bool
}

var _ io.Writer = (*limited)(nil)

func (l *limited) Write(p []byte) (int, error) {
	fits := min(len(p), l.room-l.text.Len())
	l.over = l.over || fits < len(p)
	l.text.Write(p[:fits])
	if l.over && l.full != nil {
		return fits, l.full
	}
	return len(p), nil
}

// shown is the text on one line, or nothing.
func (l *limited) shown() string {
	words := strings.Join(strings.Fields(l.text.String()), " ")
	if words == "" {
		return ""
	}
	return ": " + line.Short(words, mostShown)
}
