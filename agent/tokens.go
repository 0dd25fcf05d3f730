package agent

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/ontoken"
	"github.com/mfad/mfad/agent/vault"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// Tokens are hardware tokens, with the contracts of [token.Helper].
type Tokens interface {
	vault.Tokens
	ontoken.Tokens
	List(ctx context.Context, p token.ListParams) (token.Listing, error)
}

var _ Tokens = (*token.Helper)(nil)

// tokens are the methods for hardware tokens.
type tokens struct {
	tokens    Tokens
	access    *vault.Access
	applets   *ontoken.Applets
	passwords *ontoken.Passwords
}

// list tells what is plugged in, and what of the vault is on it. It needs no vault
// and unlocks none; only of one that is open it takes the access codes, to look
// into applets that have one.
func (m *tokens) list(ctx context.Context, _ *request) (wire.TokenListResult, error) {
	v, _ := m.access.Open(ctx) // without one, nothing is kept
	keys := m.applets.KeysInHand()
	defer keys.Wipe()
	list, err := m.tokens.List(ctx, token.ListParams{Access: keys})
	if err != nil {
		return wire.TokenListResult{}, err
	}
	result := wire.TokenListResult{Tokens: []wire.Token{}, Faults: list.Faults}
	for _, t := range list.Tokens {
		shown := describeToken(t)
		shown.Keeps = keeps(v, m.tokens.KeyKinds(), t)
		result.Tokens = append(result.Tokens, shown)
	}
	return result, nil
}

// protections are what can be done about the access code of a token's OATH applet.
var protections = map[string]func(*ontoken.Passwords, context.Context, credproc.Asker, string) (token.Token, error){
	wire.ProtectSet:      (*ontoken.Passwords).Set,
	wire.ProtectRemember: (*ontoken.Passwords).Remember,
	wire.ProtectForget:   (*ontoken.Passwords).Forget,
	wire.ProtectRemove:   (*ontoken.Passwords).Remove,
}

func (m *tokens) protect(ctx context.Context, r *request, p wire.TokenProtectParams) (wire.Token, error) {
	do, known := protections[p.Action]
	if !known {
		return wire.Token{}, errcode.Errorf(errcode.BadRequest, "an access code is set, remembered, forgotten or removed, not %.20q", p.Action)
	}
	t, err := do(m.passwords, ctx, r.ask, p.Token)
	return describeToken(t), err
}

func describeToken(t token.Token) wire.Token {
	shown := wire.Token{Serial: t.Serial, Model: t.Model, Version: t.Version, Place: t.Place, Fault: t.Fault}
	if t.PIV != nil {
		shown.PIV = &wire.TokenPIV{Version: t.PIV.Version, Retries: t.PIV.Retries, PUKBlocked: t.PIV.PUKBlocked}
		for _, k := range t.PIV.Keys {
			shown.PIV.Keys = append(shown.PIV.Keys, wire.TokenPIVKey(k))
		}
	}
	if t.OATH != nil {
		o := t.OATH
		shown.OATH = &wire.TokenOATH{
			ID: o.ID, Protected: o.Protected, Locked: o.Locked, Unlisted: o.Unlisted, Credentials: len(o.Credentials),
		}
		for _, c := range t.OATH.Credentials {
			if c.Touch {
				shown.OATH.Touch = append(shown.OATH.Touch, c.Name)
			}
		}
	}
	if t.FIDO2 != nil {
		shown.FIDO2 = (*wire.TokenFIDO2)(t.FIDO2)
	}
	return shown
}

// keeps tells in a line each what the vault says to be on a token.
func keeps(v *keystore.Vault, kinds token.Kinds, t token.Token) []string {
	if v == nil {
		return nil
	}
	var lines []string
	for _, slot := range v.Slots() {
		kind, known := kinds.Find(string(slot.Kind))
		if !known {
			continue
		}
		if remark, kept := kind.Keeps(t, slot.Facts); kept {
			lines = append(lines, fmt.Sprintf("slot %s opens the vault%s", slot.ID, remark))
		}
	}
	for _, item := range v.Items() {
		switch item := inventory.Typed(item).(type) {
		case inventory.Applet:
			if isNamed(t, item.Name) {
				lines = append(lines, remembered(v, t.OATH)...)
			}
		case inventory.Device:
			lines = append(lines, pointed(t, item.Held, fmt.Sprintf("seed of device %q", item.Name))...)
		case inventory.Key:
			lines = append(lines, pointed(t, item.Held, fmt.Sprintf("secret of access key %q (%s)", item.Name, item.AccessKeyID))...)
		}
	}
	return lines
}

// pointed tells that a token keeps a secret, in words, if the vault says so; and
// if the token has it no more.
func pointed(t token.Token, held inventory.Held, secret string) []string {
	if !slices.ContainsFunc(held.Placement().Tokens, func(name string) bool { return isNamed(t, name) }) {
		return nil
	}
	if !hasCredential(t, held.Placement().Credential) {
		secret += ": it is not there any more"
	}
	return []string{secret}
}

// hasCredential tells whether a token has a credential, as far as can be seen.
func hasCredential(t token.Token, name string) bool {
	return t.OATH == nil || t.OATH.Locked || t.OATH.Unlisted || slices.ContainsFunc(t.OATH.Credentials, func(c token.OATHCredential) bool {
		return c.Name == name
	})
}

// remembered tells how an access code that the vault remembers does not fit the
// applet: that it fits is seen by what the applet shows.
func remembered(v *keystore.Vault, o *token.OATH) []string {
	switch {
	case o == nil || o.Protected && !o.Locked:
		return nil
	case o.Locked && v.Locked():
		return []string{"the vault remembers an OATH access code"}
	case o.Locked:
		return []string{"the OATH access code that the vault remembers is not the one that is set"}
	}
	return []string{"the vault remembers an OATH access code, and none is set"}
}

// isNamed tells whether name is what a token is called: its serial, or its OATH
// applet's ID.
func isNamed(t token.Token, name string) bool {
	return t.Serial != "" && name == t.Serial || t.OATH != nil && strings.EqualFold(name, t.OATH.ID)
}
