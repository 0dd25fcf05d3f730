package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// readSecret reads standard input when that is not a terminal, else asks. The
// caller wipes the answer.
func (c *cli) readSecret(ctx context.Context, what string, most int) ([]byte, error) {
	if c.inIsTerminal() {
		return c.askSecret(ctx, what)
	}
	text, err := c.readInput("-", most)
	if err != nil {
		clear(text)
		return nil, err
	}
	return bytes.TrimSpace(text), nil
}

// readInput reads a whole file, or standard input for "-", of at most most
// bytes. The caller wipes it.
func (c *cli) readInput(name string, most int) ([]byte, error) {
	in := io.Reader(c.in)
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, usagef(noHint, "%w", err)
		}
		defer file.Close()
		in = file
	}
	data, err := io.ReadAll(io.LimitReader(in, int64(most)+1))
	if err != nil {
		return data, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(data) > most {
		clear(data)
		return nil, usagef(noHint, "reading %s: more than %d bytes", name, most)
	}
	return data, nil
}

func (c *cli) inIsTerminal() bool { return term.IsTerminal(int(c.in.Fd())) }
