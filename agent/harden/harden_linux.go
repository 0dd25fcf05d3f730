package harden

import (
	"errors"
	"os"
	"strconv"
	"syscall"
)

// process clears the dumpable flag, which /proc/PID/mem, process_vm_readv,
// ptrace and pidfd_getfd look at (prctl(2), ptrace(2)), and asks for it again:
// a filter might have swallowed the call.
func process() error {
	if err := noCore(); err != nil {
		return err
	}
	if _, err := prctl(syscall.PR_SET_DUMPABLE, 0); err != nil {
		return os.NewSyscallError("PR_SET_DUMPABLE", err)
	}
	dumpable, err := prctl(syscall.PR_GET_DUMPABLE, 0)
	switch {
	case err != nil:
		return os.NewSyscallError("PR_GET_DUMPABLE", err)
	case dumpable != 0:
		return errors.New("the process is still dumpable (" + strconv.Itoa(dumpable) + ")")
	}
	return nil
}

func prctl(option, argument uintptr) (int, error) {
	result, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, option, argument, 0, 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(result), nil
}
