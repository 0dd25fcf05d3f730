package server

import (
	"errors"
	"fmt"
	"net"

	"github.com/coreos/go-systemd/v22/activation"
)

// inherit is the socket that systemd passes to a unit of a .socket unit, nil
// if there is none (sd_listen_fds(3)). It must be the one that clients dial.
func inherit(path string) (*net.UnixListener, error) {
	files := activation.Files(true)
	if len(files) == 0 {
		return nil, nil
	}
	defer func() {
		for _, f := range files {
			_ = f.Close()
		}
	}()
	if len(files) > 1 {
		return nil, fmt.Errorf("taking over the service manager's socket: %d sockets handed in, not one:"+
			" keep a single ListenStream= in the unit", len(files))
	}
	ln, err := net.FileListener(files[0])
	if err != nil {
		return nil, fmt.Errorf("taking over the service manager's socket: %w", err)
	}
	unix, ok := ln.(*net.UnixListener)
	if !ok {
		err := errors.New("taking over the service manager's socket: it is no unix stream socket: set ListenStream= to a path")
		return nil, errors.Join(err, ln.Close())
	}
	if at := unix.Addr().String(); at != path {
		err := fmt.Errorf("taking over the service manager's socket: it listens on %s and clients dial %s:"+
			" make ListenStream= and MFAD_SOCKET the same", at, path)
		return nil, errors.Join(err, ln.Close())
	}
	return unix, nil
}
