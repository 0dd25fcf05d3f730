//go:build cgo && (linux || darwin)

package piv

import (
	"context"
	"errors"
	"fmt"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/pcsc"
)

// explain tells of a blocked PIN whether the PUK is blocked too: what to do is
// another thing then.
func (o *operation) explain(ctx context.Context, err error) error {
	if !errors.Is(err, token.ErrPINBlocked) {
		return err
	}
	// What cannot be found out changes nothing.
	if blocked, _ := o.isPUKBlocked(ctx); blocked {
		return fmt.Errorf("%w: %v; nothing unblocks it, and only a reset of the PIV applet helps, which erases its keys",
			token.ErrPUKBlocked, token.ErrPINBlocked)
	}
	return err
}

// getPUKMetadata asks for the tries of the PUK, which costs none. Firmwares know
// it from 5.3 on; piv-go does not.
// https://developers.yubico.com/PIV/Introduction/Yubico_extensions.html
var getPUKMetadata = []byte{0x00, 0xf7, 0x00, 0x81, 0x00}

const tagRetries = 0x06 // in all, and left

// isPUKBlocked says no where the token does not tell.
func (o *operation) isPUKBlocked(ctx context.Context) (blocked bool, err error) {
	err = o.run(ctx, func() error {
		service, err := pcsc.Open()
		if err != nil {
			return err
		}
		defer service.Close() //nolint:errcheck // nothing was written
		return o.probe(ctx, service, func(shared *pcsc.Card) error {
			answer, err := shared.Transmit(getPUKMetadata)
			if err != nil || !succeeded(answer) {
				return err
			}
			tries := find(answer[:len(answer)-2], tagRetries)
			blocked = len(tries) == 2 && tries[1] == 0
			return nil
		})
	})
	return blocked, err
}
