package server

import (
	"errors"
	"net"

	"golang.org/x/sys/unix"
)

// awaitHangup returns when the peer, which sends no more, has closed its end, or
// we have closed ours.
func awaitHangup(conn *net.UnixConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Read(func(fd uintptr) bool {
		ends := []unix.PollFd{{Fd: int32(fd)}} // what we wait for is told in any case
		n, err := unix.Poll(ends, 0)
		return err != nil && !errors.Is(err, unix.EINTR) || n > 0
	})
}
