package peer

import "net"

// maxPath is sizeof(sun_path) less its final zero.
const maxPath = 107

// of knows nothing: the ACL of the profile folder decides who connects.
func of(*net.UnixConn) (Peer, error) { return Peer{UID: -1}, nil }

func (p Peer) describe() (Claim, error) { return Claim{}, errEnded }
