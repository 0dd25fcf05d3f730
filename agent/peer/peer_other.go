//go:build !linux && !darwin && !windows

package peer

import (
	"errors"
	"net"
)

// maxPath is the least sizeof(sun_path) of any system, less its final zero.
const maxPath = 103

func of(*net.UnixConn) (Peer, error) {
	return Peer{}, errors.New("this system does not tell: mfad cannot guard its socket here")
}

func (p Peer) describe() (Claim, error) { return Claim{}, errEnded }
