//go:build cgo && (linux || darwin)

package piv

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"

	pivgo "github.com/go-piv/piv-go/v2/piv"

	"github.com/mfad/mfad/token"
)

// key is a key in a slot, as far as the token tells.
type key struct {
	slot   byte
	public crypto.PublicKey
	pin    pivgo.PINPolicy   // 0: unknown
	touch  pivgo.TouchPolicy // 0: unknown
	origin pivgo.Origin      // 0: unknown
	cert   *x509.Certificate // of this key; nil: none, or not read
	// attested is the token's own word for the key; nil when it was not asked
	// for, or gives none.
	attested *x509.Certificate
}

// Why a slot shows no key.
var (
	// errEmpty: the token says that the slot holds none.
	errEmpty = fmt.Errorf("%w: the slot holds no key", token.ErrNoCredential)
	// errUnseen: the token shows none, which does not say that there is none.
	errUnseen = fmt.Errorf("%w: the slot shows no key, and the token does not tell whether there is one", token.ErrNoCredential)
	// errNoSlot: the token has no such slot.
	errNoSlot = fmt.Errorf("%w: there is no such slot", token.ErrNoCredential)
)

// key reads what a slot holds; errEmpty of an empty one.
//
// A firmware before 5.3 tells nothing of a slot: there the key is that of the
// certificate, or the one that the token attests, which it does of keys that were
// made on it. A key that was imported without a certificate is not seen: errUnseen.
func (c *card) key(slot byte) (key, error) {
	k, err := c.readKey(slot)
	if err != nil {
		return key{}, fmt.Errorf("reading slot %s: %w", slotName(slot), err)
	}
	return k, nil
}

func (c *card) readKey(slot byte) (key, error) {
	if !c.hasMetadata() {
		return c.oldKey(slot)
	}
	info, err := c.yk.KeyInfo(pivSlot(slot))
	switch {
	case err == nil && info.PublicKey != nil:
		return key{slot: slot, public: info.PublicKey, pin: info.PINPolicy, touch: info.TouchPolicy, origin: info.Origin}, nil
	case errors.Is(err, pivgo.ErrNotFound):
		return key{}, errEmpty
	case gone(err) != nil:
		return key{}, gone(err)
	}
	sw, answered := status(err)
	switch sw {
	case statusNoInstruction:
		c.silent = true
	case statusNoParameter, statusWrongParameter:
		return key{}, errNoSlot
	}
	// There is something, of a kind that piv-go does not know, or nobody can tell.
	k, oldErr := c.oldKey(slot)
	if errors.Is(oldErr, errUnseen) && !answered {
		return key{}, fmt.Errorf("%w: what the token tells of the key: %v", token.ErrUnsupported, err)
	}
	return k, oldErr
}

// hasMetadata: the token has GET METADATA, which firmwares have from 5.3 on, and
// which other makers may lack whatever version they tell.
// https://developers.yubico.com/PIV/Introduction/Yubico_extensions.html
func (c *card) hasMetadata() bool {
	v := c.yk.Version()
	return !c.silent && (v.Major > 5 || v.Major == 5 && v.Minor >= 3)
}

// withCertificate adds the key's certificate, which GET METADATA does not tell.
func (c *card) withCertificate(k key) (key, error) {
	if k.cert != nil {
		return k, nil
	}
	cert, _, err := c.certificate(k.slot)
	if err != nil {
		return key{}, fmt.Errorf("reading the certificate in slot %s: %w", slotName(k.slot), err)
	}
	if cert != nil && same(cert.PublicKey, k.public) {
		k.cert = cert
	}
	return k, nil
}

// oldKey reads a key that GET METADATA does not tell.
func (c *card) oldKey(slot byte) (key, error) {
	cert, _, err := c.certificate(slot)
	if err != nil {
		return key{}, err
	}
	attested, refused := c.yk.Attest(pivSlot(slot))
	if err := gone(refused); err != nil {
		return key{}, err
	}
	k := key{slot: slot, attested: attested}
	switch {
	case attested != nil:
		k.public, k.origin = attested.PublicKey, pivgo.OriginGenerated
		k.pin, k.touch = policies(attested)
	case cert != nil:
		k.public, k.cert = cert.PublicKey, cert
		k.pin, k.touch = policies(cert)
	default:
		// A refusal to attest says at most that no key was made there.
		return key{}, errUnseen
	}
	return k, nil
}

// certificate returns the certificate of a slot. Filled says that something is in
// its place, which may be unreadable.
func (c *card) certificate(slot byte) (cert *x509.Certificate, filled bool, err error) {
	cert, err = c.yk.Certificate(pivSlot(slot))
	if err == nil {
		return cert, true, nil
	}
	return nil, !errors.Is(err, pivgo.ErrNotFound), gone(err)
}

// p256 is the key for ECDH; token.ErrUnsupported when it is of another kind.
func (k key) p256() (*ecdh.PublicKey, error) {
	if public, ok := k.public.(*ecdsa.PublicKey); ok {
		if p, err := public.ECDH(); err == nil && p.Curve() == ecdh.P256() {
			return p, nil
		}
	}
	return nil, fmt.Errorf("%w: the key in slot %s is %s; a vault wants P-256", token.ErrUnsupported, slotName(k.slot), algorithm(k.public))
}

func algorithm(public crypto.PublicKey) string {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		return k.Curve.Params().Name
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA-%d", k.N.BitLen())
	case ed25519.PublicKey:
		return "Ed25519"
	case *ecdh.PublicKey:
		return "X25519"
	}
	return "of an unknown kind"
}

func same(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

// pivSlot is a slot in piv-go's words.
func pivSlot(slot byte) pivgo.Slot {
	switch slot {
	case 0x9a:
		return pivgo.SlotAuthentication
	case 0x9c:
		return pivgo.SlotSignature
	case 0x9d:
		return pivgo.SlotKeyManagement
	case 0x9e:
		return pivgo.SlotCardAuthentication
	}
	s, _ := pivgo.RetiredKeyManagementSlot(uint32(slot))
	return s
}
