package agent

import (
	"encoding/json"

	"github.com/mfad/mfad/agent/ask"
	"github.com/mfad/mfad/agent/peer"
)

// request is one call as the methods see it: who asks, and how to ask back.
type request struct {
	method string
	conn   conn
	ask    *ask.Chain
}

// conn is the connection that a call came by. [*server.Conn] is one.
type conn interface {
	ask.Conn
	// Peer is the process at the other end.
	Peer() peer.Peer
}

// profileOf is the profile that a call is about; it may be about none.
func profileOf(params json.RawMessage) string {
	var about struct{ Profile string }
	_ = json.Unmarshal(params, &about)
	return about.Profile
}
