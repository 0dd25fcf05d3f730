package main

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
)

// become runs the command below us, since Windows cannot replace a process. An
// interrupt reaches the whole console: the command decides what to do about it.
// The error is an [*exec.ExitError] when the command ran.
func (c *cli) become(path string, args, environ []string) error {
	c.leave()
	signal.Ignore(os.Interrupt)
	cmd := exec.Command(path, args[1:]...)
	cmd.Args[0] = args[0]
	cmd.Env = environ
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err == nil || errors.As(err, &exit) {
		return err
	}
	return notRunnable(args[0], err)
}
