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
	if err := unix.PtraceDenyAttach(); err != nil {
		return fmt.Errorf("PT_DENY_ATTACH: %w", err)
	}
	return nil
}
