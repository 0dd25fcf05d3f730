// Package peer says who is at the other end of a unix socket. Whether the
// socket itself is ours is decided in internal/socket.
//
// The kernel vouches for the uid and pid of a [Peer], as they were when the
// connection was made. Everything in a [Claim] is what processes say of
// themselves: good to show to a person, never to decide by.
//
// The package reads nothing but the kernel: it does not look names up and
// holds no policy.
package peer

import (
	"fmt"
	"net"
	"os"
)

// Peer is the process that made a connection.
type Peer struct {
	UID int // -1 where the system does not tell: there the folder alone guards the socket
	PID int // 0 where the system does not tell

	conn *net.UnixConn
}

// Of asks the kernel who made the connection. The Peer may be described as
// long as conn is open.
func Of(conn *net.UnixConn) (Peer, error) {
	p, err := readPeer(conn)
	if err != nil {
		return Peer{}, fmt.Errorf("asking who is at the other end: %w", err)
	}
	p.conn = conn
	return p, nil
}

// Ours tells whether the peer runs as the user that we run as.
func (p Peer) Ours() bool { return p.UID == os.Getuid() }
