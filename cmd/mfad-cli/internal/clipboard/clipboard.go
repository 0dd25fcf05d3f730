// Package clipboard puts a short text into the clipboard of the person's
// session, and takes it back after [Time].
//
// A program of the desktop holds the text, run by a child of ours that outlives
// us; where there is none, as over ssh, the terminal is asked. Nothing is read
// from the clipboard but to see whether it still has our text. "mfad code
// --copy" calls it, and the hidden verb that is its child calls [Hold].
package clipboard

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Time is for how long a text stays in the clipboard.
const Time = 30 * time.Second

// HoldVerb is the verb of this program that calls [Hold]: its argument is the
// name of a tool, its standard input the text.
const HoldVerb = "hold-clipboard"

// ErrNone is what Find returns when there is no clipboard.
var ErrNone = errors.New("no clipboard: no tool for it was found, and there is no terminal")

// A Clipboard takes a text, and says in words where it is now.
type Clipboard interface {
	Put(text string) (how string, err error)
}

// Find chooses by what the session has: Wayland, X, the system's own tools,
// else the terminal that openTerminal opens.
func Find(getenv func(string) string, openTerminal func() (io.WriteCloser, error)) (Clipboard, error) {
	for _, t := range tools {
		if t.needs != "" && getenv(t.needs) == "" {
			continue
		}
		if _, err := exec.LookPath(t.copy[0]); err == nil {
			return held{t}, nil
		}
	}
	if terminal, err := openTerminal(); err == nil {
		return onTerminal{terminal}, nil
	}
	return nil, ErrNone
}

// A tool is a program that owns the clipboard while it runs, or one that hands
// the text to the system (then paste reads it back).
type tool struct {
	needs string   // the variable that a session with it has
	copy  []string // reads the text from standard input
	paste []string // empty when the clipboard is taken back by ending copy
}

// held leaves a child behind that takes the text back.
type held struct{ tool tool }

func (h held) Put(text string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	child := exec.Command(self, HoldVerb, h.tool.copy[0])
	detach(child)
	in, err := child.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := child.Start(); err != nil {
		return "", err
	}
	if _, err := io.WriteString(in, text); err != nil {
		return "", err
	}
	return fmt.Sprintf("in the clipboard for %d s", Time/time.Second), in.Close()
}

// Hold keeps a text in the clipboard by the tool of that name until ctx ends or
// [Time] is over. It returns known false if there is no such tool.
func Hold(ctx context.Context, name string, in io.Reader) (known bool, err error) {
	for _, t := range tools {
		if t.copy[0] != name {
			continue
		}
		text, err := io.ReadAll(io.LimitReader(in, 64))
		if err != nil {
			return true, err
		}
		ctx, cancel := context.WithTimeout(ctx, Time)
		defer cancel()
		return true, t.hold(ctx, text)
	}
	return false, nil
}

// hold keeps the text in the clipboard until ctx ends.
func (t tool) hold(ctx context.Context, text []byte) error {
	if len(t.paste) == 0 {
		// The tool owns the selection: it ends by itself when the text was
		// pasted or replaced, and ending it takes back only what is ours.
		cmd := exec.CommandContext(ctx, t.copy[0], t.copy[1:]...)
		cmd.Stdin = bytes.NewReader(text)
		err := cmd.Run()
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	if err := t.write(text); err != nil {
		return err
	}
	<-ctx.Done()
	now, err := exec.Command(t.paste[0], t.paste[1:]...).Output()
	if err != nil || !bytes.Equal(bytes.TrimSpace(now), bytes.TrimSpace(text)) {
		return err
	}
	return t.write(nil)
}

func (t tool) write(text []byte) error {
	cmd := exec.Command(t.copy[0], t.copy[1:]...)
	cmd.Stdin = bytes.NewReader(text)
	return cmd.Run()
}

// onTerminal asks the terminal, which may be at the other end of ssh.
type onTerminal struct{ terminal io.WriteCloser }

func (t onTerminal) Put(text string) (string, error) {
	_, err := io.WriteString(t.terminal, osc52(text))
	if closed := t.terminal.Close(); err == nil {
		err = closed
	}
	return "sent to the terminal, which does not say whether it took it", err
}

// osc52 is xterm's "Manipulate Selection Data", for the clipboard.
func osc52(text string) string {
	var b strings.Builder
	b.WriteString("\x1b]52;c;")
	b.WriteString(base64.StdEncoding.EncodeToString([]byte(text)))
	b.WriteString("\a")
	return b.String()
}
