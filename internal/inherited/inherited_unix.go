//go:build unix

package inherited

import (
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// most is how many descriptors are looked at where the system does not list them.
const most = 4096

func closeBut(keep []int) {
	for _, fd := range list() {
		if fd < 3 || slices.Contains(keep, fd) {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			_ = unix.Close(fd)
		}
	}
}

// list is the descriptors that may be open.
func list() (fds []int) {
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		for fd := range most {
			fds = append(fds, fd)
		}
		return fds
	}
	for _, entry := range entries {
		if fd, err := strconv.Atoi(entry.Name()); err == nil {
			fds = append(fds, fd)
		}
	}
	return fds
}
