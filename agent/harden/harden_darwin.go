package harden

import (
	"os"

	"golang.org/x/sys/unix"
)

// process refuses tracers from now on (ptrace(2), PT_DENY_ATTACH). The memory
// of a process is closed to others of the same user by the system itself.
func process() error {
	if err := noCore(); err != nil {
		return err
	}
	return os.NewSyscallError("PT_DENY_ATTACH", unix.PtraceDenyAttach())
}
