//go:build linux || darwin

package peer

import (
	"net"

	"github.com/mfad/mfad/internal/socket"
)

// readPeer asks the kernel; its Peer has no connection yet.
func readPeer(conn *net.UnixConn) (p Peer, err error) {
	err = control(conn, func(fd int) (err error) {
		p.UID, p.PID, err = socket.Peer(fd)
		return err
	})
	return p, err
}

// control runs f on the connection's descriptor.
func control(conn *net.UnixConn, f func(fd int) error) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = f(int(fd)) }); err != nil {
		return err
	}
	return inner
}
