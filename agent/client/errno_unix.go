//go:build unix

package client

import (
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/sourcegraph/jsonrpc2"
)

// refused: a socket file that nobody listens on.
func refused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// queueFull: Linux does not wait for room in the queue of a non-blocking socket.
func queueFull(err error) bool { return errors.Is(err, syscall.EAGAIN) }

// gone: the agent closed the connection.
func gone(err error) bool {
	return errors.Is(err, jsonrpc2.ErrClosed) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}
