package proctest

import (
	"runtime"
	"syscall"
	"testing"
)

// AsUser runs f on a thread that acts as a user, and returns its error; all other
// threads stay who they are. F makes system calls and starts no goroutine: what it
// left to others, they did as themselves.
func AsUser(t testing.TB, uid int, f func() error) error {
	t.Helper()
	Root(t)
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		const keep = ^uintptr(0)
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, keep, uintptr(uid), keep); errno != 0 {
			done <- errno
			return
		}
		done <- f()
	}()
	return <-done
}
