package tokentest

import (
	"context"
	"os"
	"os/exec"
)

// Command is a program that finds the service's readers, with home as its home
// and nothing else of this process's environment but the paths. ctx ends it.
func (s *Service) Command(ctx context.Context, home, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = home
	cmd.Env = []string{
		"PCSCLITE_CSOCK_NAME=" + s.Socket,
		"HOME=" + home,
		"PATH=" + os.Getenv("PATH"),
		"LANG=C.UTF-8",
	}
	return cmd
}
