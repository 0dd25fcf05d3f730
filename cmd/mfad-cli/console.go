package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/mfad/mfad/internal/line"
)

// A console is the standard streams. Standard output belongs to what was asked
// for; words for people go to standard error.
type console struct {
	in       *os.File
	out, err io.Writer
}

// say writes a line for a person.
func (c console) say(format string, args ...any) {
	_, _ = fmt.Fprintln(c.err, line.One(fmt.Sprintf(format, args...)))
}

// hint tells the next step.
func (c console) hint(format string, args ...any) {
	c.say("mfad: hint: "+format, args...)
}

// print writes to standard output in one write.
func (c console) print(text string) error {
	if _, err := io.WriteString(c.out, text); err != nil {
		return fmt.Errorf("writing to standard output: %w", err)
	}
	return nil
}

// printJSON prints a value for programs.
func (c console) printJSON(v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return c.print(string(line.JSON(text)) + "\n")
}

// readInput reads a whole file, or standard input for "-", of at most most
// bytes. The caller wipes it.
func (c console) readInput(name string, most int) ([]byte, error) {
	in := io.Reader(c.in)
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, usagef("Give the path of a file that is there and that you may read, or - for standard input.", "%w", err)
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

func (c console) inIsTerminal() bool { return term.IsTerminal(int(c.in.Fd())) }

func (c console) outIsTerminal() bool {
	file, isFile := c.out.(*os.File)
	return isFile && term.IsTerminal(int(file.Fd()))
}
