package client

import (
	"errors"
	"io"
	"net"

	"github.com/sourcegraph/jsonrpc2"
	"golang.org/x/sys/windows"
)

// refused: a socket file that nobody listens on.
func refused(err error) bool { return errors.Is(err, windows.WSAECONNREFUSED) }

func queueFull(error) bool { return false }

// gone: the agent closed the connection.
func gone(err error) bool {
	return errors.Is(err, jsonrpc2.ErrClosed) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) ||
		errors.Is(err, windows.WSAECONNRESET) || errors.Is(err, windows.WSAECONNABORTED)
}
