//go:build unix

package client

import (
	"os"
	"os/exec"
	"syscall"
)

// detach gives the program a session of its own, without our terminal and its
// signals, and pipe; it returns the descriptor's number over there.
func detach(cmd *exec.Cmd, pipe *os.File) (fd uintptr) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.ExtraFiles = []*os.File{pipe}
	return 3 // the first after the standard three
}
