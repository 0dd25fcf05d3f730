package become

import (
	"os"
	"os/exec"
	"os/signal"
)

// become runs the command below us, since Windows cannot replace a process. An
// interrupt reaches the whole console: the command decides what to do about it.
func become(path string, args, environ []string) error {
	signal.Ignore(os.Interrupt)
	cmd := exec.Command(path, args[1:]...)
	cmd.Args[0] = args[0]
	cmd.Env = environ
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}
