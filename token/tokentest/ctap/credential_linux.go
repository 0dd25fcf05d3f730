package ctap

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// A credential's ID is all that there is of it: a nonce, a flag and a MAC, from
// which the key derives the rest with its master key.
const (
	nonceSize = 32
	idSize    = nonceSize + 1 + sha256.Size
	hasSecret = 1
	maxID     = 1023
)

// derive makes 32 bytes for a purpose of a credential.
func (a *authenticator) derive(purpose string, id []byte, rp [32]byte) []byte {
	h := hmac.New(sha256.New, a.master[:])
	h.Write([]byte(purpose))
	h.Write(rp[:])
	h.Write(id[:nonceSize+1])
	return h.Sum(nil)
}

func (a *authenticator) newID(rp [32]byte, secret bool) []byte {
	id := make([]byte, nonceSize+1, idSize)
	rand.Read(id[:nonceSize])
	if secret {
		id[nonceSize] = hasSecret
	}
	return append(id, a.derive("mac", id, rp)...)
}

// rename gives a credential an ID of another length, if the key has such: it
// remembers which is which.
func (a *authenticator) rename(id []byte) []byte {
	if a.idLength == 0 {
		return id
	}
	name := make([]byte, a.idLength)
	rand.Read(name)
	if a.stored == nil {
		a.stored = make(map[string][]byte)
	}
	a.stored[string(name)] = id
	return name
}

// real is a credential's own ID.
func (a *authenticator) real(id []byte) []byte {
	if own, known := a.stored[string(id)]; known {
		return own
	}
	return id
}

// owns says whether the key made the credential, for that relying party.
func (a *authenticator) owns(id []byte, rp [32]byte) bool {
	return len(id) == idSize && hmac.Equal(id[nonceSize+1:], a.derive("mac", id, rp))
}

func (a *authenticator) signer(id []byte, rp [32]byte) *ecdsa.PrivateKey {
	for seed := a.derive("sign", id, rp); ; {
		if key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed); err == nil {
			return key
		}
		next := sha256.Sum256(seed)
		seed = next[:]
	}
}

// descriptor is a PublicKeyCredentialDescriptor.
type descriptor struct {
	ID   []byte `cbor:"id"`
	Type string `cbor:"type"`
}

type makeCredentialParams struct {
	ClientDataHash []byte `cbor:"1,keyasint"`
	RP             *struct {
		ID   string `cbor:"id"`
		Name string `cbor:"name"`
		Icon string `cbor:"icon"`
	} `cbor:"2,keyasint"`
	User *struct {
		ID          []byte `cbor:"id"`
		Name        string `cbor:"name"`
		DisplayName string `cbor:"displayName"`
		Icon        string `cbor:"icon"`
	} `cbor:"3,keyasint"`
	Algorithms []struct {
		Alg  int    `cbor:"alg"`
		Type string `cbor:"type"`
	} `cbor:"4,keyasint"`
	Exclude    []descriptor    `cbor:"5,keyasint"`
	Extensions map[string]any  `cbor:"6,keyasint"`
	Options    map[string]bool `cbor:"7,keyasint"`
	PINAuth    []byte          `cbor:"8,keyasint"`
	Protocol   uint64          `cbor:"9,keyasint"`
}

// makeCredential answers authenticatorMakeCredential (6.1).
func (k *Key) makeCredential(t *transaction, data []byte) (any, error) {
	var p makeCredentialParams
	if err := parse(data, &p); err != nil {
		return nil, err
	}
	if len(p.ClientDataHash) != sha256.Size || p.RP == nil || p.RP.ID == "" || p.User == nil || len(p.User.ID) == 0 || p.Algorithms == nil {
		return nil, StatusMissingParameter
	}
	es256 := false
	for _, a := range p.Algorithms {
		es256 = es256 || a.Alg == algES256 && a.Type == "public-key"
	}
	if !es256 {
		return nil, StatusAlgorithm
	}
	if err := options(p.Options, map[string][]bool{"rk": {false}, "uv": {false}, "up": {true}}); err != nil {
		return nil, err
	}
	verified, err := k.verify(t, p.PINAuth, p.Protocol, p.ClientDataHash, true)
	if err != nil {
		return nil, err
	}
	if !verified && (k.o.AlwaysUV || k.o.Biometric) {
		return nil, StatusPINRequired
	}
	rp := sha256.Sum256([]byte(p.RP.ID))
	excluded := k.first(p.Exclude, rp) != nil
	if s := t.touch(); s != StatusOK {
		return nil, s
	}
	if excluded {
		return nil, StatusExcluded
	}
	secret, _ := p.Extensions["hmac-secret"].(bool)
	return k.newCredential(rp, p.ClientDataHash, verified, secret && !k.o.NoHMACSecret), nil
}

// first returns the first credential of a list that is the key's own.
func (k *Key) first(list []descriptor, rp [32]byte) []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	i := slices.IndexFunc(list, func(d descriptor) bool { return d.Type == "public-key" && k.a.owns(k.a.real(d.ID), rp) })
	if i < 0 {
		return nil
	}
	return list[i].ID
}

func (k *Key) newCredential(rp [32]byte, hash []byte, verified, secret bool) any {
	k.mu.Lock()
	defer k.mu.Unlock()
	id := k.a.newID(rp, secret)
	key := k.a.signer(id, rp)
	id = k.a.rename(id)
	attested := append(k.o.AAGUID[:], byte(len(id)>>8), byte(len(id)))
	attested = append(attested, id...)
	attested = append(attested, must(encoding.Marshal(coseOf(algES256, must(key.PublicKey.Bytes()))))...)
	var extensions map[string]any
	if secret {
		extensions = map[string]any{"hmac-secret": true}
	}
	auth := k.a.authData(rp, true, verified, attested, extensions)
	return map[int]any{
		1: "packed", // attested by itself: WebAuthn, 8.2
		2: auth,
		3: map[string]any{"alg": algES256, "sig": sign(key, auth, hash)},
	}
}

// authData writes authenticator data (WebAuthn, 6.1).
func (a *authenticator) authData(rp [32]byte, present, verified bool, attested []byte, extensions map[string]any) []byte {
	a.counter++
	var flags byte
	if present {
		flags |= 0x01
	}
	if verified {
		flags |= 0x04
	}
	if attested != nil {
		flags |= 0x40
	}
	if extensions != nil {
		flags |= 0x80
	}
	data := append(rp[:], flags)
	data = binary.BigEndian.AppendUint32(data, a.counter)
	data = append(data, attested...)
	if extensions != nil {
		data = append(data, must(encoding.Marshal(extensions))...)
	}
	return data
}

func sign(key *ecdsa.PrivateKey, auth, hash []byte) []byte {
	digest := sha256.Sum256(slices.Concat(auth, hash))
	return must(ecdsa.SignASN1(rand.Reader, key, digest[:]))
}
