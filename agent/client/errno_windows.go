package client

import (
	"errors"

	"golang.org/x/sys/windows"
)

// refused: a socket file that nobody listens on.
func refused(err error) bool { return errors.Is(err, windows.WSAECONNREFUSED) }

func queueFull(error) bool { return false }

// reset: the agent closed the connection.
func reset(err error) bool {
	return errors.Is(err, windows.WSAECONNRESET) || errors.Is(err, windows.WSAECONNABORTED)
}
