//go:build cgo && (linux || darwin)

package piv

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	pivgo "github.com/go-piv/piv-go/v2/piv"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/pcsc"
)

// manage has use hold the token with a management key, once there is a slot for a
// new key. Where use returns
// token.ErrManagementKey, having done nothing, the next key is tried: the one
// that is kept on the token under the PIN, if there is one; the factory's; and
// those that the person gives. No counter of tries guards a management key.
func (o *operation) manage(ctx context.Context, n *nest, use func(c *card, management []byte) error) error {
	left, protected, err := o.survey(ctx, n)
	if err == nil {
		err = o.agree(ctx, n)
	}
	if err != nil {
		return err
	}
	if protected {
		err := o.withPIN(ctx, left, func(c *card, pin []byte) error { return c.withProtected(pin, use) })
		if !errors.Is(err, token.ErrManagementKey) {
			return err
		}
	}
	err = o.hold(ctx, nil, func(c *card) error { return use(c, pivgo.DefaultManagementKey) })
	if !errors.Is(err, token.ErrManagementKey) {
		return err
	}
	return o.withTyped(ctx, use)
}

// survey looks at the token before anybody is asked: whether it fits and a slot
// is free, the tries left for the PIN, and whether the management key is under
// it.
func (o *operation) survey(ctx context.Context, n *nest) (int, bool, error) {
	var left int
	var protected bool
	err := o.run(ctx, func() error {
		service, err := pcsc.Open()
		if err != nil {
			return err
		}
		defer service.Close() //nolint:errcheck // nothing was written
		return o.probe(ctx, service, func(shared *pcsc.Card) (err error) {
			protected, err = isProtected(shared)
			return err
		})
	})
	if err != nil {
		return 0, false, err
	}
	err = o.hold(ctx, nil, func(c *card) (err error) {
		if err := n.find(c); err != nil {
			return err
		}
		left, err = c.retries()
		return err
	})
	return left, protected, err
}

// getAdminData reads the object in which Yubico's tools note how the token is
// managed. Piv-go does not read it.
// https://docs.yubico.com/yesdk/users-manual/application-piv/pin-only.html
var getAdminData = []byte{0x00, 0xcb, 0x3f, 0xff, 0x05, 0x5c, 0x03, 0x5f, 0xff, 0x00, 0x00}

func isProtected(shared *pcsc.Card) (bool, error) {
	answer, err := shared.Transmit(getAdminData)
	if err != nil || !succeeded(answer) {
		return false, err
	}
	return parseAdminData(answer[:len(answer)-2]), nil
}

// parseAdminData tells whether the management key is kept under the PIN: flag
// 2 of 53 { 80 { 81: flags, … } }.
func parseAdminData(b []byte) bool {
	flags := find(find(find(b, 0x53), 0x80), 0x81)
	return len(flags) == 1 && flags[0]&2 != 0
}

// find returns the value of a tag among short tag-length-values.
func find(b []byte, tag byte) []byte {
	for len(b) >= 2 && int(b[1]) <= len(b)-2 {
		if value := b[2 : 2+b[1]]; b[0] == tag {
			return value
		}
		b = b[2+b[1]:]
	}
	return nil
}

// withProtected verifies the PIN, which is the one try that it is, and uses
// the management key that the PIN guards.
func (c *card) withProtected(pin []byte, use func(c *card, management []byte) error) error {
	c.rights = true
	m, err := c.yk.Metadata(string(pin))
	if err != nil {
		return pinFault(err)
	}
	if m.ManagementKey == nil {
		return token.ErrManagementKey
	}
	defer clear(*m.ManagementKey)
	return use(c, *m.ManagementKey)
}

// withTyped asks for the management key.
func (o *operation) withTyped(ctx context.Context, use func(c *card, management []byte) error) error {
	q := token.Want{What: token.ManagementKey, Token: o.token, Retries: token.Unknown}
	for range 3 {
		typed, err := token.AskSecret(ctx, o.person, q)
		if err != nil {
			return fmt.Errorf("asking for the management key: %w", err)
		}
		management, err := parseManagementKey(typed)
		clear(typed)
		if err != nil {
			q.Again = err.Error()
			continue
		}
		err = o.hold(ctx, management, func(c *card) error { return use(c, management) })
		if !errors.Is(err, token.ErrManagementKey) {
			return err
		}
		q.Again = token.ErrManagementKey.Error()
	}
	return token.ErrManagementKey
}

// parseManagementKey parses hexadecimal: a key for AES, or for triple DES.
func parseManagementKey(typed []byte) ([]byte, error) {
	typed = bytes.TrimSpace(typed)
	k := make([]byte, hex.DecodedLen(len(typed)))
	if _, err := hex.Decode(k, typed); err == nil {
		switch len(k) {
		case 16, 24, 32:
			return k, nil
		}
	}
	clear(k)
	return nil, errors.New("a management key is 32, 48 or 64 hexadecimal digits")
}
