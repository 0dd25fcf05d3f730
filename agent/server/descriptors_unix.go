//go:build unix

package server

import (
	"errors"
	"math"
	"net"

	"golang.org/x/sys/unix"
)

// exhausted tells whether the process or the system has no descriptor left.
func exhausted(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE)
}

// descriptors is how many this process may have. Go's own start has raised the
// soft limit to the hard one.
func descriptors() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || uint64(limit.Cur) > math.MaxInt32 {
		return math.MaxInt32
	}
	return int(limit.Cur)
}

// peek tells whether the peer has sent what nobody has read yet, or has gone
// without a word. It asks the kernel and never waits.
func peek(conn *net.UnixConn) (unread, gone bool) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false, true
	}
	n, first := 0, make([]byte, 1)
	closed := raw.Control(func(fd uintptr) {
		n, _, err = unix.Recvfrom(int(fd), first, unix.MSG_PEEK|unix.MSG_DONTWAIT)
	})
	return n > 0, closed != nil || n == 0 && err == nil
}

// backlog is how many connections the kernel keeps until we take them. A crowd
// fills any queue, and who honestly asks stands behind all that is in it: a short
// one is worked off soon.
const backlog = 1024

// shorten gives the listener the backlog.
func shorten(ln *net.UnixListener) error {
	raw, err := ln.SyscallConn()
	if err != nil {
		return err
	}
	var listen error
	if err := raw.Control(func(fd uintptr) { listen = unix.Listen(int(fd), backlog) }); err != nil {
		return err
	}
	return listen
}
