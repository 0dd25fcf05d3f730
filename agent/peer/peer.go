// Package peer says who is at the other end of a unix socket, and whether a
// socket's folder is one that nobody else can write.
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
	"io/fs"
	"net"
	"os"
	"path/filepath"
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
	p, err := of(conn)
	if err != nil {
		return Peer{}, fmt.Errorf("asking who is at the other end: %w", err)
	}
	p.conn = conn
	return p, nil
}

// Ours tells whether the peer runs as the user that we run as.
func (p Peer) Ours() bool { return p.UID == os.Getuid() }

// CheckFolder makes sure that dir is a folder, no symlink, that is ours and
// closed to everybody else. The error says what to do; it wraps fs.ErrNotExist
// when there is no such folder.
func CheckFolder(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("checking the socket's folder: %w", err)
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("the socket's folder %s is a symbolic link: set MFAD_SOCKET to a path in a real folder of your own", dir)
	case !info.IsDir():
		return fmt.Errorf("the socket's folder %s is not a folder: set MFAD_SOCKET to a path in a folder of your own", dir)
	}
	if err := checkOwner("socket folder", dir, info); err != nil {
		return err
	}
	return checkMode(dir, info)
}

// CheckSocket makes sure that path is a socket of ours, and that CheckFolder
// holds for its folder. It wraps fs.ErrNotExist when either is missing.
func CheckSocket(path string) error {
	if err := CheckFolder(filepath.Dir(path)); err != nil {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("checking the agent's socket: %w", err)
	}
	if !isSocket(info) {
		return fmt.Errorf("%s is not a socket: remove it, or set MFAD_SOCKET to another path", path)
	}
	return checkOwner("agent socket", path, info)
}

// CheckLength makes sure that the system can name a socket by path.
func CheckLength(path string) error {
	if len(path) > maxPath {
		return fmt.Errorf("the socket path %s is %d bytes long and the system allows %d: set MFAD_SOCKET to a shorter one", path, len(path), maxPath)
	}
	return nil
}
