//go:build unix

package main

import (
	"io"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
)

// openTerminal opens the terminal of the session for writing, whatever the
// standard streams are.
func openTerminal() (io.WriteCloser, error) { return os.OpenFile("/dev/tty", os.O_WRONLY, 0) }

// detach lets a child outlive the terminal.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// openToOthers tells whether the mode lets the group or others in.
func openToOthers(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }

// writableByOthers tells whether the mode lets the group or others write.
func writableByOthers(info fs.FileInfo) bool { return info.Mode().Perm()&0o022 != 0 }
