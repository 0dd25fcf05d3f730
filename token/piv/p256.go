package piv

import (
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"filippo.io/age"
	"golang.org/x/crypto/chacha20poly1305"

	"github.com/mfad/mfad/token"
)

// typeP256 is the stanza of age-plugin-yubikey, and its HKDF info.
// https://c2sp.org/age-piv-p256
const typeP256 = "piv-p256"

// Wrap wraps a file key for the key of i in a piv-p256 stanza. It needs no
// token. It wraps token.ErrInvalid for a file key that is not age's, and when
// the public key of i is not known.
func Wrap(i Identity, fileKey []byte) ([]*age.Stanza, error) {
	if i.Public == nil {
		return nil, fmt.Errorf("wrapping a file key: %w: the identity has no public key; use its recipient", token.ErrInvalid)
	}
	ephemeral, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("wrapping a file key: %v", err)
	}
	s, err := wrap(ephemeral, i.Public, fileKey)
	if err != nil {
		return nil, fmt.Errorf("wrapping a file key: %w", err)
	}
	return []*age.Stanza{s}, nil
}

func wrap(ephemeral *ecdh.PrivateKey, recipient *ecdh.PublicKey, fileKey []byte) (*age.Stanza, error) {
	if len(fileKey) != fileKeyLen {
		return nil, fmt.Errorf("%w: a file key of %d bytes", token.ErrInvalid, len(fileKey))
	}
	aead, err := sealer(ephemeral, recipient, salt(ephemeral.PublicKey(), recipient))
	if err != nil {
		return nil, err
	}
	tag := tagOf(recipient)
	return &age.Stanza{
		Type: typeP256,
		Args: []string{b64.EncodeToString(tag[:]), b64.EncodeToString(compress(ephemeral.PublicKey()))},
		// The nonce may be fixed because the key is used once.
		Body: aead.Seal(nil, make([]byte, chacha20poly1305.NonceSize), fileKey, nil),
	}, nil
}

// openP256 opens a piv-p256 stanza. An error of k comes back wrapped.
func openP256(k ecdh.KeyExchanger, l line) ([]byte, error) {
	aead, err := sealer(k, l.share, salt(l.share, k.PublicKey()))
	if err != nil {
		return nil, err
	}
	return aead.Open(nil, make([]byte, chacha20poly1305.NonceSize), l.body, nil)
}

// sealer is the AEAD of a stanza; the caller has one of the private keys.
func sealer(k ecdh.KeyExchanger, peer *ecdh.PublicKey, salt []byte) (cipher.AEAD, error) {
	shared, err := exchange(k, peer)
	if err != nil {
		return nil, err
	}
	defer clear(shared)
	key, err := hkdf.Key(sha256.New, shared, salt, typeP256, chacha20poly1305.KeySize)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	return chacha20poly1305.New(key)
}

func salt(ephemeral, recipient *ecdh.PublicKey) []byte {
	return slices.Concat(compress(ephemeral), compress(recipient))
}

// errExchange: the private key could not be used, as opposed to being the wrong one.
var errExchange = errors.New("key agreement")

// exchange is k.ECDH, and does not believe what a token answers.
func exchange(k ecdh.KeyExchanger, peer *ecdh.PublicKey) ([]byte, error) {
	shared, err := k.ECDH(peer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errExchange, err)
	}
	if len(shared) != secretLen {
		clear(shared)
		return nil, fmt.Errorf("%w: %w: a shared secret of %d bytes", errExchange, token.ErrUnsupported, len(shared))
	}
	return shared, nil
}

// compress encodes a point of P-256 (SEC 1, 2.3.3).
func compress(public *ecdh.PublicKey) []byte {
	b := public.Bytes()
	return append([]byte{2 | b[encLen-1]&1}, b[1:pointLen]...)
}

// decompress decodes a point and checks that it is on the curve.
func decompress(b []byte) (*ecdh.PublicKey, error) {
	if len(b) != pointLen {
		return nil, fmt.Errorf("a point of %d bytes instead of %d", len(b), pointLen)
	}
	x, y := elliptic.UnmarshalCompressed(elliptic.P256(), b)
	if x == nil {
		return nil, errors.New("not a point of P-256")
	}
	full := make([]byte, encLen)
	full[0] = 4
	x.FillBytes(full[1:pointLen])
	y.FillBytes(full[pointLen:])
	return ecdh.P256().NewPublicKey(full)
}
