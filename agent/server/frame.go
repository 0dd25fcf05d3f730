package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/sourcegraph/jsonrpc2"
)

// An id of JSON-RPC 2.0 is a string, any number, or null, and is given back as it
// came. jsonrpc2 knows whole numbers from zero on, and strings. So the rest travels
// through it as strings that hold the JSON of the id; strings do as well, so that
// what comes out is told apart from numbers, which are the ids of our own calls.

var (
	_    json.Unmarshaler = (*incoming)(nil)
	_, _ json.Marshaler   = outgoing{}, (*oddFrame)(nil)
	_    error            = (*oddFrame)(nil)
)

// incoming reads a frame into what jsonrpc2 takes.
type incoming struct{ into any }

// UnmarshalJSON implements [json.Unmarshaler]. An [*oddFrame] is not taken.
func (f *incoming) UnmarshalJSON(data []byte) error {
	if hasPlainID(data) {
		return decodeInto(f.into, data)
	}
	var found struct {
		ID     json.RawMessage
		Method *string
		Result json.RawMessage
		Error  json.RawMessage
	}
	switch {
	case data[0] == '[':
		return invalid("mfad takes one request a line, and no batches")
	case data[0] != '{' || json.Unmarshal(data, &found) != nil:
		return invalid("this is no request")
	case found.Method == nil && found.Result == nil && found.Error == nil:
		return invalid("a request has a method")
	case found.Method == nil || found.ID == nil:
		return decodeInto(f.into, data) // an answer, or a notification
	case bytes.IndexByte([]byte("{[tf"), found.ID[0]) >= 0:
		return invalid("the id of a request is a string, a number or null")
	}
	disguised, err := withID(data, found.ID)
	if err != nil {
		return err
	}
	defer clear(disguised)
	return decodeInto(f.into, disguised)
}

// withID is a request with the JSON of its id as its id.
func withID(request, id []byte) ([]byte, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(request, &members); err != nil {
		return nil, err
	}
	for name, value := range members {
		if name != "id" && bytes.EqualFold([]byte(name), []byte("id")) {
			delete(members, name)
		}
		defer clear(value)
	}
	text, err := json.Marshal(string(id))
	if err != nil {
		return nil, err
	}
	members["id"] = text
	return json.Marshal(members)
}

// plainHead is how a request of ours begins.
var plainHead = []byte(`{"jsonrpc":"2.0","id":`)

// hasPlainID tells that a frame has an id that jsonrpc2 keeps: it has no sign, and
// no more digits than fit.
func hasPlainID(data []byte) bool {
	rest, ok := bytes.CutPrefix(data, plainHead)
	const most = 15
	n := 0
	for n < len(rest) && '0' <= rest[n] && rest[n] <= '9' {
		n++
	}
	return ok && 0 < n && n <= most && n < len(rest) && rest[n] == ','
}

// decodeInto spares what [json.Unmarshal] would do again: looking whether it is JSON.
func decodeInto(v any, data []byte) error {
	own, ok := v.(json.Unmarshaler)
	if !ok {
		return json.Unmarshal(data, v)
	}
	return own.UnmarshalJSON(data)
}

// outgoing writes what jsonrpc2 gives, with the ids that the peer has sent.
type outgoing struct{ v any }

// answerHead is how jsonrpc2 begins an object whose id is a string.
var answerHead = []byte(`{"id":"`)

// MarshalJSON implements [json.Marshaler].
func (f outgoing) MarshalJSON() ([]byte, error) {
	own, ok := f.v.(json.Marshaler)
	if !ok {
		return nil, fmt.Errorf("server: %T is no message", f.v)
	}
	line, err := own.MarshalJSON()
	if err != nil || !bytes.HasPrefix(line, answerHead) {
		return line, err
	}
	defer clear(line)
	from := len(answerHead) - 1
	to := from + stringLength(line[from:])
	var id string
	if err := json.Unmarshal(line[from:to], &id); err != nil {
		return nil, err
	}
	plain := make([]byte, 0, len(line)+1)
	plain = append(plain, line[:from]...)
	plain = append(plain, id...)
	return append(plain, line[to:]...), nil
}

// stringLength is that of the JSON string that text begins with.
func stringLength(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// oddFrame is a frame that is JSON, or nearly, and no request. It is answered, by
// JSON-RPC's own codes and without an id.
type oddFrame struct {
	code int64
	why  string
}

func invalid(why string) error { return &oddFrame{jsonrpc2.CodeInvalidRequest, why} }

func (f *oddFrame) Error() string { return "server: odd frame: " + f.why }

// MarshalJSON implements [json.Marshaler].
func (f *oddFrame) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"jsonrpc": "2.0", "id": nil, "error": &jsonrpc2.Error{Code: f.code, Message: f.why}})
}

// notJSON tells whether reading failed by what was read.
func notJSON(err error) bool {
	var syntax *json.SyntaxError
	return errors.As(err, &syntax)
}
