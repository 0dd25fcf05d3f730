package wire

import (
	"errors"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/mfad/mfad/internal/errcode"
)

// FromRPC turns what a jsonrpc2 call returned into an [*errcode.Error], if the
// other side refused; other errors pass through.
func FromRPC(err error) error {
	var rpc *jsonrpc2.Error
	if errors.As(err, &rpc) {
		return &errcode.Error{Code: errcode.Code(rpc.Code), Message: rpc.Message}
	}
	return err
}

// ToRPC is the error object that carries a refusal.
func ToRPC(e *errcode.Error) *jsonrpc2.Error {
	return &jsonrpc2.Error{Code: int64(e.Code), Message: e.Message}
}
