// Package proctest runs a program beside a test, which speaks with it over its
// standard streams. It is for tests alone: what goes wrong with the program, or
// with what it says, ends the test.
package proctest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Process is a program that runs. In is its standard input, and Out what it
// writes to its standard output; what it writes to standard error goes where
// the test's does, unless the command says otherwise.
type Process struct {
	Cmd *exec.Cmd
	In  io.WriteCloser
	Out *bufio.Reader

	t     testing.TB
	ended bool
}

// Start starts a command. At the test's end the program is killed, unless End
// was called.
func Start(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{Cmd: cmd, t: t}
	if cmd.Stderr == nil {
		cmd.Stderr = os.Stderr
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.In, p.Out = in, bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !p.ended {
			_ = p.In.Close()
			_ = p.Cmd.Process.Kill()
			_ = p.Cmd.Wait()
		}
	})
	return p
}

// Say writes a line to the program.
func (p *Process) Say(line string) {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.In, line); err != nil {
		p.t.Fatalf("writing to %s: %v", p.Cmd.Path, err)
	}
}

// Line is the next line that the program writes, without its newline.
func (p *Process) Line() string {
	p.t.Helper()
	line, err := p.Out.ReadString('\n')
	if err != nil {
		p.t.Fatalf("reading from %s: %q, %v", p.Cmd.Path, line, err)
	}
	return strings.TrimSuffix(line, "\n")
}

// End closes the input, reads what is left, and returns how the program has
// ended. It may be called again, for nothing.
func (p *Process) End() error {
	if p.ended {
		return nil
	}
	p.ended = true
	_ = p.In.Close()
	_, _ = io.Copy(io.Discard, p.Out)
	return p.Cmd.Wait()
}
