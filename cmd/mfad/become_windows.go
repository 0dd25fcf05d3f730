package main

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
)

// client is the name of mfad-cli's file.
const client = "mfad-cli.exe"

// become runs the program below us, since Windows cannot replace a process, and
// ends with its exit code. An interrupt reaches the whole console: the program
// decides what to do about it.
func become(path string) error {
	signal.Ignore(os.Interrupt)
	cmd := exec.Command(path, os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if exit, ran := errors.AsType[*exec.ExitError](err); err == nil || ran {
		code := 0
		if ran {
			code = exit.ExitCode()
		}
		os.Exit(code)
	}
	return err
}
