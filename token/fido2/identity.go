package fido2

import (
	"bytes"
	"crypto/ecdh"
	"encoding/binary"
	"fmt"

	"filippo.io/age/plugin"

	"github.com/mfad/mfad/token"
)

const (
	// foreign is the plugin whose format this is.
	foreign = "fido2-hmac"
	// relyingParty is the one that the format names.
	relyingParty = "age-encryption.org"

	version       = 2
	saltSize      = 32
	publicSize    = 32
	maxCredential = 1023 // WebAuthn level 3, 5.1: a longer ID is refused
)

// Identity points to a credential of a FIDO2 key. Nothing of it is secret.
type Identity struct {
	// Public is the X25519 key to wrap for; nil in an identity of
	// age-plugin-fido2-hmac, which has none.
	Public *ecdh.PublicKey
	// PIN says that the secret is the one of who gave the PIN.
	PIN        bool
	Salt       [saltSize]byte
	Credential []byte
}

// ParseIdentity reads an identity of a FIDO2 key, AGE-PLUGIN-MFAD-1… or
// AGE-PLUGIN-FIDO2-HMAC-1…. An error wraps token.ErrInvalid.
func ParseIdentity(text string) (Identity, error) {
	name, data, err := plugin.ParseIdentity(text)
	if err != nil {
		return Identity{}, fmt.Errorf("reading an identity: %v: %w", err, token.ErrInvalid)
	}
	switch {
	case name == token.PluginName && len(data) > 0 && data[0] == token.IdentityFIDO2:
		return parsePayload(data[1:], true)
	case name == foreign:
		return parsePayload(data, false)
	}
	return Identity{}, fmt.Errorf("the identity is not one of a FIDO2 key: %w", token.ErrInvalid)
}

// parsePayload reads what follows the kind, with a public key or without.
func parsePayload(data []byte, public bool) (Identity, error) {
	var i Identity
	if len(data) < 2 || binary.BigEndian.Uint16(data) != version {
		return Identity{}, fmt.Errorf("the identity of a FIDO2 key has an unknown version: %w", token.ErrInvalid)
	}
	data = data[2:]
	size := 1 + saltSize
	if public {
		size += publicSize
	}
	if len(data) <= size || len(data) > size+maxCredential {
		return Identity{}, fmt.Errorf("the identity of a FIDO2 key has a wrong length: %w", token.ErrInvalid)
	}
	if public {
		var err error
		if i.Public, err = ecdh.X25519().NewPublicKey(data[:publicSize]); err != nil {
			return Identity{}, fmt.Errorf("the identity of a FIDO2 key has a wrong public key: %w", token.ErrInvalid)
		}
		data = data[publicSize:]
	}
	if data[0] > 1 {
		return Identity{}, fmt.Errorf("the identity of a FIDO2 key has an unknown flag: %w", token.ErrInvalid)
	}
	i.PIN = data[0] == 1
	copy(i.Salt[:], data[1:])
	i.Credential = bytes.Clone(data[1+saltSize:])
	return i, nil
}

// String is the identity's text, of the kind that it was read from.
func (i Identity) String() string {
	if i.Public == nil {
		return plugin.EncodeIdentity(foreign, i.payload())
	}
	return plugin.EncodeIdentity(token.PluginName, append([]byte{token.IdentityFIDO2}, i.payload()...))
}

// Recipient is the recipient of age-plugin-fido2-hmac for the same key,
// age1fido2-hmac1…; empty if the public key is not known.
func (i Identity) Recipient() string {
	if i.Public == nil {
		return ""
	}
	return plugin.EncodeRecipient(foreign, i.payload())
}

func (i Identity) payload() []byte {
	data := binary.BigEndian.AppendUint16(nil, version)
	if i.Public != nil {
		data = append(data, i.Public.Bytes()...)
	}
	data = append(data, pinByte(i.PIN))
	data = append(data, i.Salt[:]...)
	return append(data, i.Credential...)
}

func pinByte(pin bool) byte {
	if pin {
		return 1
	}
	return 0
}
