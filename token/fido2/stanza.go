package fido2

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"

	"filippo.io/age"
	"filippo.io/age/plugin"
	"golang.org/x/crypto/chacha20poly1305"

	"github.com/mfad/mfad/token"
)

const (
	native      = "X25519" // age's own stanza
	x25519Label = "age-encryption.org/v1/X25519"
	fileKeySize = 16
	bodySize    = fileKeySize + chacha20poly1305.Overhead
)

var b64 = base64.RawStdEncoding.Strict()

// wrapped is a file key for an X25519 key, wherever it stood.
type wrapped struct {
	share *ecdh.PublicKey
	body  []byte
}

// wrap writes the stanza; public is the identity's, or what the token told.
func wrap(i Identity, public *ecdh.PublicKey, fileKey []byte) ([]*age.Stanza, error) {
	text, err := plugin.EncodeX25519Recipient(public)
	if err != nil {
		return nil, fmt.Errorf("wrapping for a FIDO2 key: %w", err)
	}
	r, err := age.ParseX25519Recipient(text)
	if err != nil {
		return nil, fmt.Errorf("wrapping for a FIDO2 key: %w", err)
	}
	stanzas, err := r.Wrap(fileKey)
	if err != nil {
		return nil, fmt.Errorf("wrapping for a FIDO2 key: %w", err)
	}
	return []*age.Stanza{{
		Type: foreign,
		Args: []string{
			b64.EncodeToString(binary.BigEndian.AppendUint16(nil, version)),
			stanzas[0].Args[0],
			b64.EncodeToString([]byte{pinByte(i.PIN)}),
			b64.EncodeToString(i.Salt[:]),
			b64.EncodeToString(i.Credential),
		},
		Body: stanzas[0].Body,
	}}, nil
}

// pick returns the stanzas that the identity may open. An error, also when
// there is none, wraps token.ErrInvalid.
func pick(i Identity, stanzas []*age.Stanza) ([]wrapped, error) {
	var out []wrapped
	for _, s := range stanzas {
		var w wrapped
		var mine bool
		var err error
		switch {
		case s.Type == foreign:
			w, mine, err = i.parse(s)
		case s.Type == native && i.Public == nil:
			mine = true
			if len(s.Args) != 1 {
				return nil, malformed(s.Type, "arguments")
			}
			w, err = parseWrapped(s.Type, s.Args[0], s.Body)
		}
		if err != nil {
			return nil, err
		}
		if mine {
			out = append(out, w)
		}
	}
	if out == nil {
		return nil, fmt.Errorf("nothing is wrapped for this FIDO2 key: %w", token.ErrInvalid)
	}
	return out, nil
}

// parse reads a stanza of version 2; those of other versions and of other keys
// are not mine.
func (i Identity) parse(s *age.Stanza) (w wrapped, mine bool, err error) {
	if len(s.Args) == 0 || s.Args[0] != b64.EncodeToString([]byte{0, version}) {
		return wrapped{}, false, nil
	}
	if len(s.Args) != 5 {
		return wrapped{}, false, malformed(s.Type, "arguments")
	}
	pin, err := b64.DecodeString(s.Args[2])
	if err != nil || len(pin) != 1 || pin[0] > 1 {
		return wrapped{}, false, malformed(s.Type, "PIN flag")
	}
	salt, err := b64.DecodeString(s.Args[3])
	if err != nil || len(salt) != saltSize {
		return wrapped{}, false, malformed(s.Type, "salt")
	}
	credential, err := b64.DecodeString(s.Args[4])
	if err != nil || len(credential) == 0 || len(credential) > maxCredential {
		return wrapped{}, false, malformed(s.Type, "credential")
	}
	w, err = parseWrapped(s.Type, s.Args[1], s.Body)
	if err != nil {
		return wrapped{}, false, err
	}
	mine = bytes.Equal(credential, i.Credential) && bytes.Equal(salt, i.Salt[:]) && pin[0] == pinByte(i.PIN)
	return w, mine, nil
}

func parseWrapped(kind, share string, body []byte) (wrapped, error) {
	b, err := b64.DecodeString(share)
	if err != nil {
		return wrapped{}, malformed(kind, "share")
	}
	public, err := ecdh.X25519().NewPublicKey(b)
	if err != nil {
		return wrapped{}, malformed(kind, "share")
	}
	if len(body) != bodySize {
		return wrapped{}, malformed(kind, "body")
	}
	return wrapped{public, body}, nil
}

func malformed(kind, part string) error {
	return fmt.Errorf("the %s of a %s stanza is malformed: %w", part, kind, token.ErrInvalid)
}

// open opens the first that is for the key. A share that agrees with every key
// on the same secret is for nobody.
func open(key *ecdh.PrivateKey, all []wrapped) ([]byte, error) {
	for _, w := range all {
		shared, err := key.ECDH(w.share)
		if err != nil {
			continue
		}
		salt := slices.Concat(w.share.Bytes(), key.PublicKey().Bytes())
		wrapping, err := hkdf.Key(sha256.New, shared, salt, x25519Label, chacha20poly1305.KeySize)
		clear(shared)
		if err != nil {
			return nil, fmt.Errorf("opening with a FIDO2 key: %w", err)
		}
		aead, err := chacha20poly1305.New(wrapping)
		clear(wrapping)
		if err != nil {
			return nil, fmt.Errorf("opening with a FIDO2 key: %w", err)
		}
		if fileKey, err := aead.Open(nil, make([]byte, chacha20poly1305.NonceSize), w.body, nil); err == nil {
			return fileKey, nil
		}
	}
	return nil, fmt.Errorf("what is wrapped for this FIDO2 key is damaged or for another: %w", token.ErrInvalid)
}
