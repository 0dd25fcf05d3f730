//go:build unix

package pinentry

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
)

const root = "/"

// apart gives the program a session of its own: no terminal but the one that it
// is told of, and a group to be ended by.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

func terminate(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }

func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// isSocket tells whether path is a socket of our own user's.
func isSocket(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().Type() == fs.ModeSocket && ours(info)
}

// checkTTY makes sure that path, unless empty, is a terminal of our own user's.
func checkTTY(path string) error {
	if path == "" {
		return nil
	}
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return fmt.Errorf("checking the terminal to ask on: %w", err)
	case info.Mode()&fs.ModeCharDevice == 0:
		return fmt.Errorf("%s is not a terminal", path)
	case !ours(info):
		return errors.New(path + " is not your terminal")
	}
	return nil
}

func ours(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid()
}
