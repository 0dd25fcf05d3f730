package credproc

import (
	"context"
	"os/exec"
	"syscall"
)

// shellCommand runs a command line by cmd.exe, which parses the rest of its line itself.
func shellCommand(ctx context.Context, command string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "cmd.exe")
	cmd.SysProcAttr = &syscall.SysProcAttr{CmdLine: `cmd.exe /C ` + command}
	return cmd
}
