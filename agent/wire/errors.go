package wire

import (
	"encoding/json"
	"errors"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/mfad/mfad/internal/errcode"
)

// FromRPC turns what a jsonrpc2 call returned into an [*errcode.Error], if the
// other side refused; other errors pass through.
func FromRPC(err error) error {
	var rpc *jsonrpc2.Error
	if errors.As(err, &rpc) {
		e := &errcode.Error{Code: errcode.Code(rpc.Code), Message: rpc.Message}
		if rpc.Data != nil {
			_ = json.Unmarshal(*rpc.Data, &e.Told) // which only an advice needs
		}
		return e
	}
	return err
}

// ToRPC is the error object that carries a refusal.
func ToRPC(e *errcode.Error) *jsonrpc2.Error {
	rpc := &jsonrpc2.Error{Code: int64(e.Code), Message: e.Message}
	if len(e.Told) > 0 {
		rpc.SetError(e.Told)
	}
	return rpc
}
