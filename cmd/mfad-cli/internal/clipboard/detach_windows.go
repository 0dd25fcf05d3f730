package clipboard

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// detach lets a child outlive the console.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
}
