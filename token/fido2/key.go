//go:build cgo && (linux || darwin)

package fido2

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"fmt"

	"filippo.io/age"

	"github.com/mfad/mfad/token"
)

// Keys are FIDO2 keys that are plugged in, as Devices lists them, and the person
// who stands before them.
type Keys struct {
	Devices []token.Token
	Person  token.Person
}

// Wrap wraps a file key for the identity's key. It needs no token, and asks
// for nothing, when the identity has the public key, as those of NewKey have;
// else as Unwrap.
func (ks Keys) Wrap(ctx context.Context, i Identity, fileKey []byte) ([]*age.Stanza, error) {
	if i.Public != nil {
		return wrap(i, i.Public, fileKey)
	}
	private, _, err := ks.unlock(ctx, i)
	if err != nil {
		return nil, err
	}
	return wrap(i, private.PublicKey(), fileKey)
}

// Unwrap returns the file key that one of the stanzas wraps for the identity's
// key, and the device that opened it: the one that made the credential. It waits for
// a touch, for token.TouchLimit at most (token.ErrTouch), and asks for the PIN if the
// identity says so, under the guard of the package.
//
// Stanzas that are malformed, or none for this identity, are refused before
// any device is asked, with token.ErrInvalid.
func (ks Keys) Unwrap(ctx context.Context, i Identity, stanzas []*age.Stanza) ([]byte, token.Token, error) {
	mine, err := pick(i, stanzas)
	if err != nil {
		return nil, token.Token{}, err
	}
	private, t, err := ks.unlock(ctx, i)
	if err != nil {
		return nil, token.Token{}, err
	}
	fileKey, err := open(private, mine)
	if err != nil {
		return nil, token.Token{}, err
	}
	return fileKey, t, nil
}

// unlock gets the private key from the device that made the credential.
func (ks Keys) unlock(ctx context.Context, i Identity) (*ecdh.PrivateKey, token.Token, error) {
	t, err := find(ctx, ks.Devices, i.Credential)
	if err != nil {
		return nil, token.Token{}, err
	}
	k := key{t, ks.Person}
	var private *ecdh.PrivateKey
	if i.PIN {
		private, err = pinned(ctx, k, func(pin []byte) (*ecdh.PrivateKey, error) { return secretKey(ctx, k, i, pin) })
	} else {
		private, err = secretKey(ctx, k, i, nil)
	}
	if err != nil {
		return nil, token.Token{}, err
	}
	if i.Public != nil && !private.PublicKey().Equal(i.Public) {
		return nil, token.Token{}, fmt.Errorf("%v has another secret for this credential: %w", t, token.ErrNoCredential)
	}
	return private, t, nil
}

// always is the policy of a key that wants the PIN at each use.
const always = "always"

// NewKey makes a credential on the device and proves that it gives a secret:
// that takes two touches, and the PIN if one is set, whatever p says of later
// uses. The device keeps nothing of it; the identity is needed to find it again.
func NewKey(ctx context.Context, device token.Token, p token.KeyParams, person token.Person) (token.NewKey, error) {
	switch f := device.FIDO2; {
	case f == nil:
		return token.NewKey{}, fmt.Errorf("%v is no FIDO2 key: %w", device, token.ErrUnsupported)
	case !f.HMACSecret:
		return token.NewKey{}, fmt.Errorf("%v has no hmac-secret and cannot open a vault: %w", device, token.ErrUnsupported)
	case f.AlwaysUV && p.PIN != always:
		return token.NewKey{}, fmt.Errorf("%v wants its PIN each time: make the slot with --pin: %w", device, token.ErrUnsupported)
	case p.PIN == always && !f.PINSet:
		return token.NewKey{}, fmt.Errorf("set a PIN with fido2-token -S %s, or do without: %w", device.Place, token.ErrNoPIN)
	}
	k := key{device, person}
	var i Identity
	var err error
	if device.FIDO2.PINSet {
		i, err = pinned(ctx, k, func(pin []byte) (Identity, error) { return newIdentity(ctx, k, p.PIN == always, pin) })
	} else {
		i, err = newIdentity(ctx, k, false, nil)
	}
	if err != nil {
		return token.NewKey{}, err
	}
	return token.NewKey{Identity: i.String(), Token: device}, nil
}

func newIdentity(ctx context.Context, k key, usePIN bool, pin []byte) (Identity, error) {
	id, err := makeCredential(ctx, k, pin)
	if err != nil {
		return Identity{}, err
	}
	i := Identity{PIN: usePIN, Credential: id}
	rand.Read(i.Salt[:])
	if !usePIN {
		pin = nil
	}
	private, err := secretKey(ctx, k, i, pin)
	if err != nil {
		return Identity{}, err
	}
	i.Public = private.PublicKey()
	return i, nil
}
