//go:build !linux

package server

import "net"

// awaitHangup does not wait: this system does not tell a peer that sends no more
// from one that is gone.
func awaitHangup(*net.UnixConn) {}
