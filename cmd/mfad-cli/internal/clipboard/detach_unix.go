//go:build unix

package clipboard

import (
	"os/exec"
	"syscall"
)

// detach lets a child outlive the terminal.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
