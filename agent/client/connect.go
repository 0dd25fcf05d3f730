package client

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"time"

	"github.com/mfad/mfad/agent/peer"
	"github.com/mfad/mfad/internal/socket"
)

// connect dials a socket whose folder, file and listener are ours.
func connect(ctx context.Context, path string) (*net.UnixConn, error) {
	if err := socket.CheckLength(path); err != nil {
		return nil, err
	}
	if err := socket.Check(path); err != nil {
		return nil, err
	}
	conn, err := dial(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("connecting to the agent: %w", err)
	}
	who, err := peer.Of(conn)
	if err == nil && !who.Ours() {
		err = fmt.Errorf("the agent on %s runs as uid %d, not as you: stop it, or set MFAD_SOCKET to a path of your own", path, who.UID)
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// dial waits while the listener's queue is full; a unix socket does not. A queue
// that stays full is that of an agent that hangs.
func dial(ctx context.Context, path string) (*net.UnixConn, error) {
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if !queueFull(err) {
		return conn, err
	}
	pid := holder(path, 0)
	before, end := worked(pid), time.Now().Add(dialTime)
	for queueFull(err) {
		switch {
		case ctx.Err() != nil:
			return nil, fmt.Errorf("%w (%w)", err, context.Cause(ctx))
		case time.Now().After(end) && worked(pid) == before:
			return nil, &HungError{pid, path}
		case time.Now().After(end):
			before, end = worked(pid), time.Now().Add(dialTime)
		}
		conn, err = queue(path, dialTime/10) // no longer: ctx may end
	}
	return conn, err
}

// absent tells whether err says that no agent listens.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || refused(err)
}
