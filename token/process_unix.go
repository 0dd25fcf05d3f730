//go:build unix

package token

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// private makes a standard stream of the program, our end and its own, of
// sockets. The program is open to others of its user until it has hardened
// itself; the ends of a pipe that it has by then can be opened once more in
// /proc, and a socket's cannot.
func private(bool) (ours, its *os.File, err error) {
	syscall.ForkLock.RLock() // not all systems close them on exec in one step
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(ends[0])
		syscall.CloseOnExec(ends[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	if err := syscall.SetNonblock(ends[0], true); err != nil { // so that it has deadlines
		return nil, nil, errors.Join(os.NewSyscallError("fcntl", err), syscall.Close(ends[0]), syscall.Close(ends[1]))
	}
	return os.NewFile(uintptr(ends[0]), "mfad-token"), os.NewFile(uintptr(ends[1]), "mfad-agent"), nil
}

// apart puts the program into a process group of its own, so that whatever it
// starts can be ended with it. Not into a session: libfido2 opens devices
// without O_NOCTTY.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// kill ends the program's group. It must not have been waited for: its number
// could be another's then.
func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
