package harden

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// process clears the dumpable flag, which /proc/PID/mem, process_vm_readv,
// ptrace and pidfd_getfd look at (prctl(2), ptrace(2)), and asks for it again:
// a filter might have swallowed the call.
func process() error {
	if err := noCore(); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("PR_SET_DUMPABLE: %w", err)
	}
	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil {
		return fmt.Errorf("PR_GET_DUMPABLE: %w", err)
	}
	if dumpable != 0 {
		return fmt.Errorf("the process is still dumpable (%d)", dumpable)
	}
	return nil
}
