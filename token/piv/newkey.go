//go:build cgo && (linux || darwin)

package piv

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"strconv"
	"strings"

	pivgo "github.com/go-piv/piv-go/v2/piv"

	"github.com/mfad/mfad/token"
)

// NewKey returns the P-256 key in p.Slot of the token, whoever made it; or, if
// p.Slot is empty, makes one in the first retired slot that holds neither a key
// nor a certificate, and puts a certificate beside it, from which
// age-plugin-yubikey and others know it. A token that does not tell whether a slot
// holds a key (before firmware 5.3) gets a new one only in a slot for which the
// person says so, also in p.Slot, if that shows no key. To make one it needs the
// management key: the one that is kept on the token under the PIN, for which it
// asks; else the one that is set at the factory; else it asks for it. No touch
// is needed, unless the management key wants it.
//
// It wraps token.ErrInvalid for parameters that cannot be, ErrNotPresent when
// another token is in its reader, ErrNoCredential when the slot is empty,
// ErrUnsupported when its key is not P-256 or, for a new key, when the applet is too
// old to know the policies, ErrFull when no retired slot is free, ErrSlotUnseen
// without the person's word, ErrManagementKey, and what [Unwrap] wraps about the PIN.
// When it fails half way the text says what stands on the token; nothing is lost.
func (a Applet) NewKey(ctx context.Context, p token.KeyParams) (token.NewKey, error) {
	o := newOperation(a)
	made, err := o.newKey(ctx, p)
	err = o.explain(ctx, err)
	switch {
	case err != nil && p.Slot != "":
		return token.NewKey{}, fmt.Errorf("using slot %s of %s: %w", p.Slot, a.Token, err)
	case err != nil:
		return token.NewKey{}, fmt.Errorf("making a key on %s: %w", a.Token, err)
	}
	made.Token = a.Token
	return made, nil
}

func (o *operation) newKey(ctx context.Context, p token.KeyParams) (token.NewKey, error) {
	pin, touch, err := parsePolicies(p)
	if err != nil {
		return token.NewKey{}, err
	}
	var among []byte
	if p.Slot != "" {
		slot, err := parseSlot(p.Slot)
		if err != nil {
			return token.NewKey{}, err
		}
		found, err := o.oldSlot(ctx, slot)
		if !errors.Is(err, errUnseen) {
			return found, err
		}
		among = []byte{slot}
	}
	var made token.NewKey
	n := &nest{among: among, as: pivgo.Key{Algorithm: pivgo.AlgorithmEC256, PINPolicy: pin, TouchPolicy: touch}}
	err = o.manage(ctx, n, func(c *card, management []byte) (err error) {
		if err := c.isMeant(); err != nil {
			return err
		}
		made, err = c.generate(management, n)
		return err
	})
	if err != nil {
		return token.NewKey{}, err
	}
	return made, nil
}

// oldSlot uses the key that is in a slot.
func (o *operation) oldSlot(ctx context.Context, slot byte) (token.NewKey, error) {
	var found token.NewKey
	err := o.hold(ctx, nil, func(c *card) error {
		if err := c.isMeant(); err != nil {
			return err
		}
		k, err := c.key(slot)
		if err != nil {
			return err
		}
		found, err = c.present(k)
		return err
	})
	if err != nil {
		return token.NewKey{}, err
	}
	return found, nil
}

// isMeant checks that the token was not changed for another since it was listed.
func (c *card) isMeant() error {
	serial, told, err := c.serial()
	if err != nil {
		return err
	}
	if told && c.token.Serial != "" && c.token.Serial != strconv.FormatUint(uint64(serial), 10) {
		return fmt.Errorf("%w: the reader holds the one with serial %d", token.ErrNotPresent, serial)
	}
	return nil
}

// present makes an answer of a key.
func (c *card) present(k key) (token.NewKey, error) {
	public, err := k.p256()
	if err != nil {
		return token.NewKey{}, err
	}
	shown, err := c.describe(k)
	if err != nil {
		return token.NewKey{}, err
	}
	// The serial by which the token is found again, which may be none.
	serial, _ := strconv.ParseUint(c.token.Serial, 10, 32)
	i := NewIdentity(uint32(serial), k.slot, public)
	return token.NewKey{Identity: i.String(), Recipient: i.Recipient(), Key: &shown}, nil
}

// generate makes the key and its certificate. Its error is ErrManagementKey
// before anything was done.
func (c *card) generate(management []byte, n *nest) (token.NewKey, error) {
	slot, err := c.enter(n)
	if err != nil {
		return token.NewKey{}, err
	}
	c.rights = true
	c.expectTouch(token.Hesitation) // by the management key
	public, err := c.yk.GenerateKey(management, pivSlot(slot), n.as)
	switch {
	case notAuthenticated(err):
		return token.NewKey{}, managementFault(err)
	case isNoRoom(err):
		const full = "%w: it has no slot %s, and those that it has hold a key or a certificate"
		return token.NewKey{}, fmt.Errorf(full, token.ErrFull, slotName(slot))
	case err != nil:
		const left = "the slot may hold a new key now, which nothing uses"
		return token.NewKey{}, fmt.Errorf("generating it in slot %s: %w; %s", slotName(slot), fault(err), left)
	}
	made, err := c.furnish(management, fresh{slot, public, n.as})
	if err != nil {
		return token.NewKey{}, fmt.Errorf("%w; slot %s holds a new key now, which nothing uses: name the slot to use it", err, slotName(slot))
	}
	return made, nil
}

// fresh is a key that was just made.
type fresh struct {
	slot   byte
	public any
	as     pivgo.Key
}

// furnish gives a new key its certificate and reads both back.
func (c *card) furnish(management []byte, made fresh) (token.NewKey, error) {
	slot, public := made.slot, made.public
	point, ok := public.(*ecdsa.PublicKey)
	if !ok {
		return token.NewKey{}, fmt.Errorf("%w: the token made a %T", token.ErrUnsupported, public)
	}
	cert, err := certificate(point, made.as.PINPolicy, made.as.TouchPolicy)
	if err != nil {
		return token.NewKey{}, fmt.Errorf("making its certificate: %w", err)
	}
	if err := c.yk.SetCertificate(management, pivSlot(slot), cert); err != nil {
		return token.NewKey{}, fmt.Errorf("storing its certificate: %w", fault(err))
	}
	k, err := c.key(slot)
	if err != nil {
		return token.NewKey{}, err
	}
	if k, err = c.withCertificate(k); err != nil {
		return token.NewKey{}, err
	}
	if !same(k.public, public) || k.cert == nil || !k.cert.Equal(cert) {
		return token.NewKey{}, fmt.Errorf("%w: the token does not show the key that it made, or not its certificate", token.ErrUnsupported)
	}
	return c.present(k)
}

// isNoRoom: the token has fewer slots than the standard, and so made nothing.
func isNoRoom(err error) bool {
	switch sw, _ := status(err); sw {
	case statusNoSpace, statusNoParameter, statusNoReference, statusWrongParameter:
		return true
	}
	return false
}

// notAuthenticated: nothing was done, since the token was not satisfied of the
// management key; piv-go tells by the text alone.
func notAuthenticated(err error) bool {
	return err != nil && strings.HasPrefix(err.Error(), "authenticating with management key")
}

func managementFault(err error) error {
	if f := gone(err); f != nil {
		return f
	}
	return token.ErrManagementKey
}
