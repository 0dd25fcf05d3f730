//go:build linux || darwin

package harden

import (
	"os"
	"syscall"
)

func noCore() error {
	return os.NewSyscallError("RLIMIT_CORE", syscall.Setrlimit(syscall.RLIMIT_CORE, new(syscall.Rlimit)))
}
