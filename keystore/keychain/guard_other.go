//go:build !linux

package keychain

import (
	"context"
	"errors"
)

// available asks for an entry that is not there: the answer "not found" is a
// keychain's.
func available(ctx context.Context) error {
	_, err := Get(ctx, "available?")
	if err == nil || errors.Is(err, ErrNotFound) {
		return nil
	}
	return errors.Join(ErrNone, err)
}

// ready is for systems whose keychain is always there and asks by itself.
func ready(context.Context) error { return nil }
