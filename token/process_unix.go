//go:build unix

package token

import (
	"os/exec"
	"syscall"
)

// apart puts the program into a process group of its own, so that whatever it
// starts can be ended with it. Not into a session: libfido2 opens devices
// without O_NOCTTY.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// kill ends the program's group. It must not have been waited for: its number
// could be another's then.
func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
