//go:build !unix

package token

import (
	"os"
	"os/exec"
)

// private makes a standard stream of the program, our end and its own, of a
// pipe: nobody opens another program's here.
func private(input bool) (ours, its *os.File, err error) {
	r, w, err := os.Pipe()
	if input {
		return w, r, err
	}
	return r, w, err
}

// apart does nothing: there are no process groups.
func apart(*exec.Cmd) {}

// kill ends the program alone.
func kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
