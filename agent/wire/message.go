package wire

import (
	"encoding/json"

	"github.com/mfad/mfad/internal/errcode"
)

// Message is a JSON-RPC 2.0 object: a request (Method and ID), a notification
// (Method alone), or a response (ID with Result or Error). The agent's end
// leaves these to jsonrpc2; a client, which makes one call and ends, saves
// what that costs at its start.
type Message struct {
	Version string          `json:"jsonrpc"` // "2.0"
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *errcode.Error  `json:"error,omitempty"`
}
