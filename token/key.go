package token

import (
	"context"
	"errors"
	"fmt"

	"filippo.io/age"
)

// PluginName is the name of mfad's age plugin: its identities are
// AGE-PLUGIN-MFAD-1…, and its program is age-plugin-mfad.
const PluginName = "mfad"

// A Wrapper wraps file keys for keys on tokens, and opens them; a [Helper] is
// one.
type Wrapper interface {
	Wrap(ctx context.Context, p WrapParams, person Person) (WrapResult, error)
	Unwrap(ctx context.Context, p UnwrapParams, person Person) (UnwrapResult, error)
}

// Key is a key on a token, which opens what is wrapped for it.
type Key struct {
	by       Wrapper
	ctx      context.Context // age's interfaces have none
	identity string
	wait     int
	person   Person
	token    Token
}

var (
	_ age.Identity  = (*Key)(nil)
	_ age.Recipient = (*Key)(nil)
)

// KeyBy is the key that an identity points to: AGE-PLUGIN-MFAD-1…,
// AGE-PLUGIN-YUBIKEY-1… or AGE-PLUGIN-FIDO2-HMAC-1…. Its Wrap and Unwrap go on
// until ctx ends; the person may be asked for a PIN, for a touch, and for wait
// seconds to plug the token in.
func KeyBy(ctx context.Context, by Wrapper, identity string, wait int, person Person) *Key {
	return &Key{by: by, ctx: ctx, identity: identity, wait: wait, person: person}
}

// Wrap implements [age.Recipient].
func (k *Key) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	r, err := k.by.Wrap(k.ctx, WrapParams{Identity: k.identity, FileKey: fileKey}, k.person)
	if err != nil {
		return nil, err
	}
	return AgeStanzas(r.Stanzas), nil
}

// Unwrap implements [age.Identity]. When none of the stanzas is for the key,
// the error wraps both age.ErrIncorrectIdentity and ErrInvalid.
func (k *Key) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	r, err := k.by.Unwrap(k.ctx, UnwrapParams{Identity: k.identity, Stanzas: Stanzas(stanzas), Wait: k.wait}, k.person)
	if errors.Is(err, ErrInvalid) {
		err = fmt.Errorf("%w: %w", age.ErrIncorrectIdentity, err)
	}
	k.token = r.Token
	return r.FileKey, err
}

// Token is the token by which Unwrap, which must have returned, opened what it
// did last.
func (k *Key) Token() Token { return k.token }

// AgeStanzas are stanzas of the protocol as age has them.
func AgeStanzas(stanzas []Stanza) []*age.Stanza {
	converted := make([]*age.Stanza, len(stanzas))
	for i, s := range stanzas {
		converted[i] = &age.Stanza{Type: s.Type, Args: s.Args, Body: s.Body}
	}
	return converted
}

// Stanzas are age's stanzas as the protocol has them.
func Stanzas(stanzas []*age.Stanza) []Stanza {
	converted := make([]Stanza, len(stanzas))
	for i, s := range stanzas {
		converted[i] = Stanza{Type: s.Type, Args: s.Args, Body: s.Body}
	}
	return converted
}
