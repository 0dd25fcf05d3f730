package client

import (
	"errors"
	"net"
	"time"

	"golang.org/x/sys/windows"
)

// refused: a socket file that nobody listens on.
func refused(err error) bool { return errors.Is(err, windows.WSAECONNREFUSED) }

func queueFull(error) bool { return false }

// queue is never needed: connecting waits by itself.
func queue(path string, _ time.Duration) (*net.UnixConn, error) {
	return net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
}

// reset: the agent closed the connection.
func reset(err error) bool {
	return errors.Is(err, windows.WSAECONNRESET) || errors.Is(err, windows.WSAECONNABORTED)
}
