package peer

import "net"

// readPeer knows nothing: the ACL of the profile folder decides who connects.
func readPeer(*net.UnixConn) (Peer, error) { return Peer{UID: -1}, nil }

func (p Peer) describe() (Claim, error) { return Claim{}, errEnded }

func (p Peer) lineage() (string, error) { return "", errEnded }
