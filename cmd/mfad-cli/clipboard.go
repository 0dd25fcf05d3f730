package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// clipboardTime is for how long a code stays in the clipboard.
const clipboardTime = 30 * time.Second

// A clipboard takes a text, and says in words where it is now.
type clipboard interface {
	put(text string) (how string, err error)
}

// findClipboard chooses by what the session has: Wayland, X, the system's own
// tools, else the terminal.
func (c *cli) findClipboard() (clipboard, error) {
	for _, tool := range clipboardTools {
		if tool.needs != "" && c.getenv(tool.needs) == "" {
			continue
		}
		if _, err := exec.LookPath(tool.copy[0]); err == nil {
			return heldClipboard{tool}, nil
		}
	}
	if terminal, err := openTerminal(); err == nil {
		return terminalClipboard{terminal}, nil
	}
	return nil, failf(exitPerson, `Install wl-clipboard (Wayland) or xclip (X11), or run "mfad code {name}" without --copy.`, "no clipboard: no tool for it was found, and there is no terminal")
}

// A clipboardTool is a program that owns the clipboard while it runs, or one
// that hands the text to the system (then paste reads it back).
type clipboardTool struct {
	needs string   // the variable that a session with it has
	copy  []string // reads the text from standard input
	paste []string // empty when the clipboard is taken back by ending copy
}

// heldClipboard leaves a child behind that takes the text back.
type heldClipboard struct{ tool clipboardTool }

func (h heldClipboard) put(text string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	child := exec.Command(self, holdClipboardVerb, h.tool.copy[0])
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
	return fmt.Sprintf("in the clipboard for %d s", clipboardTime/time.Second), in.Close()
}

const holdClipboardVerb = "hold-clipboard"

// holdClipboardCommand is the child of `mfad code --copy`: hidden, since it is
// of no use to anybody else.
func (c *cli) holdClipboardCommand() *cobra.Command {
	return &cobra.Command{
		Use:    holdClipboardVerb + " TOOL",
		Hidden: true,
		Args:   takes(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, tool := range clipboardTools {
				if tool.copy[0] == args[0] {
					text, err := io.ReadAll(io.LimitReader(c.in, 64))
					if err != nil {
						return err
					}
					ctx, cancel := context.WithTimeout(cmd.Context(), clipboardTime)
					defer cancel()
					return tool.hold(ctx, text)
				}
			}
			return usagef(noHint, "no clipboard tool %q", args[0])
		},
	}
}

// hold keeps the text in the clipboard until ctx ends.
func (t clipboardTool) hold(ctx context.Context, text []byte) error {
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

func (t clipboardTool) write(text []byte) error {
	cmd := exec.Command(t.copy[0], t.copy[1:]...)
	cmd.Stdin = bytes.NewReader(text)
	return cmd.Run()
}

// terminalClipboard asks the terminal, which may be at the other end of ssh.
type terminalClipboard struct{ terminal io.WriteCloser }

func (t terminalClipboard) put(text string) (string, error) {
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
