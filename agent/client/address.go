package client

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/mfad/mfad/internal/socket"
)

// reached is a connection, and the socket that it was made by.
type reached struct {
	conn *net.UnixConn
	path string
}

// reach connects to the agent: on the socket of the options, else where the agent
// that holds the vault listens, else to one that is started.
func reach(ctx context.Context, o Options) (reached, error) {
	conn, err := connect(ctx, o.Socket)
	if !absent(err) {
		return reached{conn, o.Socket}, err
	}
	if path, err := o.address(); err == nil && path != o.Socket {
		if conn, err := connect(ctx, path); err == nil {
			return reached{conn, path}, nil
		}
	}
	conn, err = summon(ctx, o)
	return reached{conn, o.Socket}, err
}

// errNoAddress says that no agent has written where it listens.
var errNoAddress = errors.New("no address")

// address is where the agent that holds the vault says it listens. The file
// decides nothing: what it names must be a socket of ours, with one of our own at
// the other end.
func (o Options) address() (string, error) {
	if o.Address == "" {
		return "", errNoAddress
	}
	info, err := os.Lstat(o.Address)
	if err != nil {
		return "", err
	}
	const longest = 4 << 10
	if !info.Mode().IsRegular() || info.Size() > longest {
		return "", &fs.PathError{Op: "reading the address", Path: o.Address, Err: errNoAddress}
	}
	text, err := os.ReadFile(o.Address)
	if err != nil {
		return "", err
	}
	path := strings.TrimSuffix(string(text), "\n")
	if !filepath.IsAbs(path) {
		return "", errNoAddress
	}
	return path, errors.Join(socket.CheckLength(path), socket.Check(path))
}
