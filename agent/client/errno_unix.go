//go:build unix

package client

import (
	"errors"
	"syscall"
)

// refused: a socket file that nobody listens on.
func refused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// queueFull: Linux does not wait for room in the queue of a non-blocking socket.
func queueFull(err error) bool { return errors.Is(err, syscall.EAGAIN) }

// reset: the agent closed the connection.
func reset(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}
