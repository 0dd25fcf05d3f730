//go:build !unix

package server

import (
	"math"
	"net"
)

// exhausted is never known: any failure of Accept ends the server.
func exhausted(error) bool { return false }

// descriptors has no bound here.
func descriptors() int { return math.MaxInt32 }

// peek never knows: a silent connection is one without a call.
func peek(*net.UnixConn) (unread, gone bool) { return false, false }

// shorten leaves the queue of connections as it is.
func shorten(*net.UnixListener) error { return nil }
