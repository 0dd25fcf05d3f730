//go:build cgo && (linux || darwin)

package main

import (
	"context"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/fido2"
	"github.com/mfad/mfad/token/pcsc"
)

// watch waits until a token has gone.
func (d *desk) watch(ctx context.Context, p token.WatchParams) (token.Gone, error) {
	kind, _, err := token.Known.Parse(p.Identity)
	switch {
	case err != nil:
	case kind.Name() == token.KindFIDO2:
		err = fido2.Gone(ctx, p.Place)
	default:
		err = removed(ctx, p.Place)
	}
	return token.Gone{}, err
}

// removed waits until a reader has lost the card that it has.
func removed(ctx context.Context, reader string) error {
	service, err := pcsc.Open()
	if err != nil {
		return err
	}
	defer func() { _ = service.Close() }()
	first, err := service.State()
	for now := first; err == nil && first.Keeps(now, reader); {
		now, err = service.Changed(ctx, now)
	}
	return err
}
