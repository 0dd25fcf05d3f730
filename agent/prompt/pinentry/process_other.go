//go:build !unix

package pinentry

import (
	"errors"
	"os/exec"
)

const root = ""

// There are no groups here: a pinentry is one process.
func apart(*exec.Cmd) {}

func terminate(cmd *exec.Cmd) { kill(cmd) }

func kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

func isSocket(string) bool { return false }

func checkTTY(path string) error {
	if path != "" {
		return errors.New("a pinentry cannot ask on this system's terminals")
	}
	return nil
}
