package keystore

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"

	"filippo.io/age"

	"github.com/mfad/mfad/internal/forget"
)

// vaultKey is what an unlocked vault can do: decrypt items, sign the manifest.
// age keeps the scalar on the heap, where it cannot be wiped: a vaultKey lives
// for one act, and is made within [forget.Do].
type vaultKey struct {
	identity *age.X25519Identity
	mac      []byte
}

func newVaultKey(identity *age.X25519Identity) *vaultKey {
	text := []byte(identity.String())
	defer clear(text)
	mac, err := hkdf.Key(sha256.New, text, nil, "mfad vault manifest 1", sha256.Size)
	if err != nil {
		panic(err) // the length is one that HKDF can give
	}
	return &vaultKey{identity, mac}
}

func generateVaultKey() (*vaultKey, error) {
	return forget.Value(func() (*vaultKey, error) {
		identity, err := age.GenerateX25519Identity()
		if err != nil {
			return nil, err
		}
		return newVaultKey(identity), nil
	})
}

// parseVaultKey reads the text of an identity. The error says nothing of it.
func parseVaultKey(text []byte) (*vaultKey, error) {
	return forget.Value(func() (*vaultKey, error) {
		identity, err := age.ParseX25519Identity(string(bytes.TrimSpace(text)))
		if err != nil {
			return nil, errors.New("not an age identity")
		}
		return newVaultKey(identity), nil
	})
}

// text is the identity file that a slot holds, for the caller to wipe. With
// its newline, age -d makes of the slot what age -i reads.
func (k *vaultKey) text() (text []byte) {
	forget.Do(func() { text = []byte(k.identity.String() + "\n") })
	return text
}

func (k *vaultKey) wipe() { clear(k.mac) }
