package peer

import "net"

// of knows nothing: the ACL of the profile folder decides who connects.
func of(*net.UnixConn) (Peer, error) { return Peer{UID: -1}, nil }

func (p Peer) describe() (Claim, error) { return Claim{}, errEnded }
