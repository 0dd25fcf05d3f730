//go:build unix

package main

import (
	"os"
	"syscall"
)

// client is the name of mfad-cli's file.
const client = "mfad-cli"

// become replaces this process by the program.
func become(path string) error {
	return &os.PathError{Op: "running", Path: path, Err: syscall.Exec(path, os.Args, os.Environ())}
}
