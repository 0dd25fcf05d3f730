//go:build cgo && (linux || darwin)

package piv

import (
	"context"
	"crypto/ecdh"
	"fmt"

	"filippo.io/age"
	pivgo "github.com/go-piv/piv-go/v2/piv"

	"github.com/mfad/mfad/token"
)

// Unwrap returns the file key that one of the stanzas wraps for the key of i,
// which is on the token. It asks the person for the PIN if the key wants it, and
// waits for a touch. The caller wipes the file key.
//
// It wraps token.ErrInvalid when no stanza is for the key, before the token is
// looked at; ErrNoCredential when the token does not hold the key; ErrTouch
// when the touch did not come; ErrPINBlocked, ErrPUKBlocked, ErrPINGuard
// and, as a *token.PINError, ErrPIN; the person's refusal; and the errors of
// token/pcsc.Service.Connect. The PIN is tried once for each time it is typed,
// and never, unless the person says so, when one try is left. A PIN does not
// stay verified.
func (a Applet) Unwrap(ctx context.Context, i Identity, stanzas []*age.Stanza) ([]byte, error) {
	l, err := pick(i, stanzas)
	if err != nil {
		return nil, fmt.Errorf("opening with a PIV key: %w", err)
	}
	o := newOperation(a)
	fileKey, err := o.unwrap(ctx, i, l)
	if err = o.explain(ctx, err); err != nil {
		return nil, fmt.Errorf("opening with the key in slot %s of %s: %w", slotName(i.Slot), a.Token, err)
	}
	return fileKey, nil
}

func (o *operation) unwrap(ctx context.Context, i Identity, l line) ([]byte, error) {
	var fileKey []byte
	var left int
	err := o.hold(ctx, nil, func(c *card) error {
		k, err := c.keyOf(i)
		if err != nil {
			return err
		}
		if k.needsPIN() {
			left, err = c.retries()
			return err
		}
		fileKey, err = c.unwrap(ctx, k, l)
		return err
	})
	if err != nil {
		return nil, err
	}
	if fileKey != nil {
		return fileKey, nil
	}
	err = o.withPIN(ctx, left, func(c *card, pin []byte) error {
		k, err := c.keyOf(i) // another token may be in the reader by now
		if err != nil {
			return err
		}
		if err := c.login(pin); err != nil {
			return err
		}
		fileKey, err = c.unwrap(ctx, k, l)
		return err
	})
	if err != nil {
		return nil, err
	}
	return fileKey, nil
}

// keyOf reads the key that an identity points to.
func (c *card) keyOf(i Identity) (key, error) {
	k, err := c.key(i.Slot)
	if err != nil {
		return key{}, err
	}
	public, err := k.p256()
	if err != nil {
		return key{}, err
	}
	if !i.is(public) {
		return key{}, fmt.Errorf("%w: the slot holds another key", token.ErrNoCredential)
	}
	return k, nil
}

// unwrap uses the key once, with the PIN verified if it wants one.
func (c *card) unwrap(ctx context.Context, k key, l line) ([]byte, error) {
	public, err := k.p256()
	if err != nil {
		return nil, err
	}
	return l.open(exchanger{ctx, c, k, public})
}

// exchanger is a key in a token as a key of crypto/ecdh.
type exchanger struct {
	ctx    context.Context
	card   *card
	key    key
	public *ecdh.PublicKey
}

var _ ecdh.KeyExchanger = exchanger{}

func (e exchanger) PublicKey() *ecdh.PublicKey { return e.public }
func (e exchanger) Curve() ecdh.Curve          { return e.public.Curve() }

// ECDH waits for a touch if the key wants one.
func (e exchanger) ECDH(peer *ecdh.PublicKey) ([]byte, error) {
	// Never: what piv-go would verify, unasked, is verified. It does look after
	// the finger of a YubiKey Bio.
	auth := pivgo.KeyAuth{PINPolicy: pivgo.PINPolicyNever}
	if e.key.needsFinger() {
		auth.PINPolicy = e.key.pin
	}
	private, err := e.card.yk.PrivateKey(pivSlot(e.key.slot), e.key.public, auth)
	if err != nil {
		return nil, fault(err)
	}
	k, ok := private.(*pivgo.ECDSAPrivateKey)
	if !ok {
		return nil, fmt.Errorf("%w: a key of type %T", token.ErrUnsupported, private)
	}
	if err := e.ctx.Err(); err != nil {
		return nil, err
	}
	e.card.awaitTouch(e.key)
	shared, err := k.ECDH(peer)
	if err != nil {
		return nil, touchFault(err, e.key.touch)
	}
	return shared, nil
}

func (c *card) awaitTouch(k key) {
	switch {
	case k.needsFinger():
		c.expectTouch(0)
	case k.touch == pivgo.TouchPolicyNever:
	case k.touch == pivgo.TouchPolicyCached:
		c.expectTouch(token.Hesitation)
	default: // always, or unknown
		c.expectTouch(0)
	}
}
