//go:build !unix

package token

import "os/exec"

// apart does nothing: there are no process groups.
func apart(*exec.Cmd) {}

// kill ends the program alone.
func kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
