package piv

import (
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"slices"

	"filippo.io/hpke"
)

// typeTag is age's own stanza for P-256 keys on tokens, and labelTag its HPKE
// info and the label of its tag.
// https://age-encryption.org/v1#the-p256tag-recipient-type
const (
	typeTag  = "p256tag"
	labelTag = "age-encryption.org/p256tag"
)

// tagFor is the tag of a p256tag stanza: unlike that of piv-p256 it differs
// from stanza to stanza.
func tagFor(i Identity, enc []byte) ([tagLen]byte, error) {
	prk, err := hkdf.Extract(sha256.New, slices.Concat(enc, i.Tag[:]), []byte(labelTag))
	if err != nil {
		return [tagLen]byte{}, err
	}
	return [tagLen]byte(prk), nil
}

// openTag opens a p256tag stanza. An error of k comes back wrapped.
func openTag(k ecdh.KeyExchanger, l line) ([]byte, error) {
	private, err := hpke.NewDHKEMPrivateKey(checked{k})
	if err != nil {
		return nil, err
	}
	r, err := hpke.NewRecipient(l.share.Bytes(), private, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte(labelTag))
	if err != nil {
		return nil, fmt.Errorf("decapsulating: %w", err)
	}
	return r.Open(nil, l.body)
}

// checked is a key whose answers are checked.
type checked struct{ ecdh.KeyExchanger }

func (c checked) ECDH(peer *ecdh.PublicKey) ([]byte, error) { return exchange(c.KeyExchanger, peer) }
