package agent

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// tokenList tells what is plugged in, and what of the vault is on it. It needs
// no vault and unlocks none; only of one that is open it takes the access
// codes, to look into applets that have one.
func (s *Service) tokenList(ctx context.Context, _ *request) (wire.TokenListResult, error) {
	v, _ := s.access.Open(ctx) // without one, nothing is kept
	known := s.accessInHand(v)
	defer known.wipe()
	list, err := s.tokens.List(ctx, token.ListParams{Access: known})
	if err != nil {
		return wire.TokenListResult{}, err
	}
	result := wire.TokenListResult{Tokens: []wire.Token{}, Faults: list.Faults}
	for _, t := range list.Tokens {
		shown := describeToken(t)
		shown.Keeps = keeps(v, s.tokens.KeyKinds(), t)
		result.Tokens = append(result.Tokens, shown)
	}
	return result, nil
}

// accessInHand are the access keys of a vault that is unlocked, and stays so.
func (s *Service) accessInHand(v *keystore.Vault) access {
	if v == nil || v.Locked() || v.Hold() == 0 || s.access.Refusal() != nil {
		return nil
	}
	known, _, err := readAccess(v, nil)
	if err != nil { // it was locked just now
		return nil
	}
	return known
}

func describeToken(t token.Token) wire.Token {
	shown := wire.Token{Serial: t.Serial, Model: t.Model, Version: t.Version, Place: t.Place, Fault: t.Fault}
	if t.PIV != nil {
		shown.PIV = &wire.TokenPIV{Version: t.PIV.Version, Retries: t.PIV.Retries}
		for _, k := range t.PIV.Keys {
			shown.PIV.Keys = append(shown.PIV.Keys, wire.TokenPIVKey(k))
		}
	}
	if t.OATH != nil {
		shown.OATH = &wire.TokenOATH{ID: t.OATH.ID, Protected: t.OATH.Protected, Locked: t.OATH.Locked, Credentials: len(t.OATH.Credentials)}
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
		switch {
		case item.Kind == keystore.KindOATHAccess && isNamed(t, item.Name):
			lines = append(lines, remembered(v, t.OATH)...)
		case !slices.ContainsFunc(tokensOf(item), func(name string) bool { return isNamed(t, name) }):
		case item.Kind == keystore.KindOATH:
			lines = append(lines, fmt.Sprintf("seed of device %q", item.Name)+unless(hasCredential(t, item), "it"))
		case item.Kind == keystore.KindOATHKey:
			lines = append(lines, fmt.Sprintf("secret of access key %q (%s)", item.Name, item.Facts[keyIDFact])+unless(hasCredential(t, item), "it"))
		}
	}
	return lines
}

// unless says that what the vault speaks of was deleted on the token.
func unless(there bool, what string) string {
	if there {
		return ""
	}
	return ": " + what + " is not there any more"
}

// hasCredential tells whether a token has what an item points to, as far as can
// be seen.
func hasCredential(t token.Token, item keystore.Item) bool {
	return t.OATH == nil || t.OATH.Locked || slices.ContainsFunc(t.OATH.Credentials, func(c token.OATHCredential) bool {
		return c.Name == item.Facts[credentialFact]
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
