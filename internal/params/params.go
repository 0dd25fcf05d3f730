// Package params reads the parameters of JSON-RPC methods strictly, and makes of
// a function with typed parameters a method that takes them as they come.
//
// Both ends of a connection are mfad's own, and of one version: a field that
// nobody knows, or something after the parameters, is a mistake and is said to
// be one. The package routes nothing and answers nobody; a service keeps its
// methods in a table, by name.
package params

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Error says what is wrong with parameters. It names fields and never quotes a
// value, which may be a secret.
type Error struct{ text string }

func (e *Error) Error() string { return e.text }

// Decode reads parameters into what params points to. Where there are none, it
// leaves that as it is. Its errors are of type [*Error].
func Decode(raw json.RawMessage, params any) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	err := d.Decode(params)
	if err == nil {
		if _, tail := d.Token(); !errors.Is(tail, io.EOF) {
			return &Error{"something follows the parameters"}
		}
		return nil
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return &Error{fmt.Sprintf("parameter %q is not of type %s", wrong.Field, wrong.Type)}
	}
	return &Error{"the parameters are not what this method takes"}
}

// A Method answers one call of a caller of type C. Its error is that of Decode
// when the parameters are not its own.
type Method[C any] func(ctx context.Context, c C, raw json.RawMessage) (any, error)

// Bind makes a method of a function.
func Bind[C, P, R any](f func(context.Context, C, P) (R, error)) Method[C] {
	return func(ctx context.Context, c C, raw json.RawMessage) (any, error) {
		var p P
		if err := Decode(raw, &p); err != nil {
			return nil, err
		}
		return f(ctx, c, p)
	}
}
