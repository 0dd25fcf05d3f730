package main

import (
	"io"
	"io/fs"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// openTerminal opens the console for writing, whatever the standard streams are.
func openTerminal() (io.WriteCloser, error) { return os.OpenFile("CONOUT$", os.O_WRONLY, 0) }

// detach lets a child outlive the console.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
}

// openToOthers says no: access lists decide on Windows, and modes say nothing.
func openToOthers(fs.FileInfo) bool { return false }

// writableByOthers says no, for the same reason.
func writableByOthers(fs.FileInfo) bool { return false }

// noKeychain: the Credential Manager is always there.
func noKeychain(func(string) string) string { return "" }
