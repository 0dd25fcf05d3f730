package harden

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// process refuses tracers from now on (ptrace(2), PT_DENY_ATTACH). The memory
// of a process is closed to others of the same user by the system itself.
func process() error {
	if err := noCore(); err != nil {
		return err
	}
	if _, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PT_DENY_ATTACH, 0, 0, 0, 0, 0); errno != 0 {
		return fmt.Errorf("PT_DENY_ATTACH: %w", errno)
	}
	return nil
}
