package credproc

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/internal/line"
)

// What an external credential_process may do: the Java SDK's limit on its
// output, and the Go SDK's on its time.
const (
	processOutput = 64_000
	processTime   = time.Minute
	// processShown is how much of its stderr an error shows.
	processShown = 300
)

var errTooMuch = fmt.Errorf("it printed more than %d bytes", processOutput)

// process is the Source of somebody else's credential_process.
type process struct{ now func() moment }

var _ Source = process{}

// Kind implements [Source].
func (process) Kind() config.StepKind { return config.KindProcess }

// Identity implements [Source]. The command line may hold secrets: it is hashed.
func (process) Identity(_ context.Context, step config.Step) (Identity, error) {
	hash := sha256.Sum256([]byte(step.Spec.(config.Process).Command.Text))
	return Identity{Key: "process " + hex.EncodeToString(hash[:6]), Name: step.Profile}, nil
}

// Make implements [Source].
func (p process) Make(ctx context.Context, step config.Step, _ Identity, ask Asker) (Given, error) {
	Await(ask, "the credential_process of profile "+step.Profile)
	command := step.Spec.(config.Process).Command
	creds, err := runProcess(ctx, command.Text, p.now().wall)
	if err != nil {
		return Given{}, fmt.Errorf("credential_process (%s): %w", command.Origin, err)
	}
	return Given{Credentials: creds}, nil
}

// runProcess runs somebody else's credential_process, by the shell as the SDKs
// do, with the agent's environment and without a terminal. No error shows what
// it wrote to stdout.
func runProcess(ctx context.Context, command string, now time.Time) (Credentials, error) {
	ctx, cancel := context.WithTimeout(ctx, processTime)
	defer cancel()
	stdout, stderr := &limited{room: processOutput, full: errTooMuch}, &limited{room: 4096}
	cmd := shellCommand(ctx, command)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.WaitDelay = time.Second // for grandchildren that keep the pipes open
	err := cmd.Run()
	defer clear(stdout.text.Bytes())
	switch {
	case ctx.Err() != nil:
		return Credentials{}, fmt.Errorf("it did not end in time: %w", ctx.Err())
	case stdout.over:
		return Credentials{}, errTooMuch
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return Credentials{}, fmt.Errorf("it failed (%w)%s", err, stderr.shown())
	}
	return parseProcess(stdout.text.Bytes(), now)
}

// parseProcess reads the document of the credential_process contract.
func parseProcess(text []byte, now time.Time) (Credentials, error) {
	var doc document
	if json.Unmarshal(text, &doc) != nil {
		return Credentials{}, errors.New("it did not print one JSON object of the credential_process contract")
	}
	if doc.Version != documentVersion {
		return Credentials{}, fmt.Errorf("it printed Version %d of the contract, not 1", doc.Version)
	}
	if doc.AccessKeyID == "" || doc.SecretAccessKey == "" {
		return Credentials{}, errors.New("it printed no AccessKeyId or no SecretAccessKey")
	}
	creds := Credentials{
		AccessKeyID: doc.AccessKeyID, SecretAccessKey: doc.SecretAccessKey,
		SessionToken: doc.SessionToken, AccountID: doc.AccountID,
	}
	if doc.Expiration != "" {
		end, err := time.Parse(time.RFC3339, doc.Expiration)
		if err != nil {
			return Credentials{}, errors.New("it printed an Expiration that is not RFC 3339")
		}
		if !end.After(now) {
			return Credentials{}, fmt.Errorf("it printed credentials that expired at %s: %w", formatTime(end), ErrExpired)
		}
		creds.Expiration = end.UTC()
	}
	return creds, nil
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
	return ": " + line.Short(words, processShown)
}
