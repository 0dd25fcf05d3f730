//go:build cgo && (linux || darwin)

package piv

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"

	pivgo "github.com/go-piv/piv-go/v2/piv"

	"github.com/mfad/mfad/token"
)

// roots are the authorities that vouch for attestations; nil: Yubico's.
var roots *x509.CertPool

// Read reads the PIV applet of the token in a reader: its version, the tries
// left for the PIN, and the keys. Without an applet it returns nil and no
// error. It asks nobody, and it costs no try. Errors are those of
// token/pcsc.Service.Connect; ErrBusy too when another program has so much as
// opened the token.
//
// Each, if not nil, is called after each key that was read, which takes half a
// second of a YubiKey; once more, perhaps, after the end of ctx made Read return.
//
// Before firmware 5.3 only keys with a certificate are found.
func Read(ctx context.Context, reader string, each func()) (*token.PIV, error) {
	if each == nil {
		each = func() {}
	}
	var p *token.PIV
	o := newOperation(Applet{Token: token.Token{Place: reader}})
	err := o.hold(ctx, nil, func(c *card) (err error) {
		p, err = c.read(ctx, each)
		return err
	})
	if err == nil && p.Retries == 0 {
		p.PUKBlocked, err = o.isPUKBlocked(ctx)
	}
	if errors.Is(err, errNoApplet) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the PIV applet: %w", err)
	}
	return p, nil
}

func (c *card) read(ctx context.Context, each func()) (*token.PIV, error) {
	p := &token.PIV{Version: c.version()}
	defer func() { p.Partial = !c.hasMetadata() }()
	var err error
	if p.Retries, err = c.retries(); err != nil {
		return nil, err
	}
	for _, slot := range slots {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		k, found, err := c.look(slot)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		shown, err := c.describe(k)
		if err != nil {
			return nil, err
		}
		p.Keys = append(p.Keys, shown)
		each()
	}
	return p, nil
}

// look is [card.key] for a slot that is most likely empty: the token is not
// made to attest it then.
func (c *card) look(slot byte) (k key, found bool, err error) {
	if !c.hasMetadata() {
		if cert, _, err := c.certificate(slot); cert == nil || err != nil {
			return key{}, false, err
		}
	}
	k, err = c.key(slot)
	if errors.Is(err, token.ErrNoCredential) {
		return key{}, false, nil
	}
	return k, err == nil, err
}

// describe tells a person of a key.
func (c *card) describe(k key) (token.PIVKey, error) {
	k, err := c.withCertificate(k)
	if err != nil {
		return token.PIVKey{}, err
	}
	shown := token.PIVKey{
		Slot: slotName(k.slot), Algorithm: algorithm(k.public),
		PIN: name(pinPolicies, k.pin), Touch: name(touchPolicies, k.touch), Origin: name(origins, k.origin),
	}
	if k.cert != nil {
		shown.Subject = k.cert.Subject.String()
	}
	if public, err := k.p256(); err == nil {
		shown.Recipient = NewIdentity(0, k.slot, public).Recipient()
	}
	shown.Attested, err = c.vouched(k)
	return shown, err
}

// vouched asks whether Yubico vouches that the key was made in the token. It
// is not worth a fault when the token has nothing to show for it.
func (c *card) vouched(k key) (bool, error) {
	if k.origin != pivgo.OriginGenerated {
		return false, nil
	}
	word := k.attested
	if word == nil {
		var err error
		if word, err = c.yk.Attest(pivSlot(k.slot)); err != nil {
			return false, gone(err)
		}
	}
	issuer, err := c.yk.AttestationCertificate()
	if err != nil {
		return false, gone(err)
	}
	verifier := pivgo.Verifier{Roots: roots}
	_, err = verifier.Verify(issuer, word)
	return err == nil && same(word.PublicKey, k.public), nil
}
