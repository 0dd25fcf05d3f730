package agent

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/keystore/plugintest"
	"github.com/mfad/mfad/token"
)

// slotKinds are the kinds of slots that the vault has.
func slotKinds(t *testing.T, b *bench) []string {
	t.Helper()
	var shown wire.Vault
	b.must(t, nobody, wire.MethodVaultShow, nil, &shown)
	var kinds []string
	for _, slot := range shown.Slots {
		kinds = append(kinds, slot.Kind)
	}
	return kinds
}

// A way in counts when it has opened the vault once, and not before.
func TestTokenThatDoesNotOpenIsNoWayIn(t *testing.T) {
	for _, kind := range []string{"piv", "fido2"} {
		for name, fault := range map[string]struct {
			method string
			err    error
			code   errcode.Code
		}{
			"it does not open":        {token.MethodUnwrap, token.ErrNoCredential, errcode.NotOnToken},
			"its touch does not come": {token.MethodUnwrap, token.ErrTouch, errcode.NoTouch},
			"it is not found":         {token.MethodUnwrap, token.ErrNotPresent, errcode.NoToken},
			"nobody finds tokens":     {token.MethodList, token.ErrNoService, errcode.TokenService},
		} {
			t.Run(kind+", "+name, func(t *testing.T) {
				b := newBench(t)
				b.withVault(t)
				r := b.withTokens(t, "12345678")
				r.Tokens[0].FIDO2 = kind == "fido2"
				before := slotKinds(t, b)
				r.Fault = func(method string) error {
					if method == fault.method && slices.Contains(r.Calls, token.MethodMakeKey) {
						return fault.err
					}
					return nil
				}
				text := b.refused(t, knows(passphrase), fault.code, wire.MethodSlotAdd, wire.SlotAddParams{Kind: kind})
				if !strings.Contains(text, "proving that the new "+kind+" slot opens the vault") {
					t.Errorf("refused with %q", text)
				}
				if after := slotKinds(t, b); !slices.Equal(before, after) {
					t.Errorf("slots %q became %q", before, after)
				}
			})
		}
	}
}

// What does not look like the slot's token is passed over by each unlock.
func TestTokenThatAnUnlockWouldPassOverIsNoWayIn(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	r := b.withTokens(t, "12345678")
	r.Fault = func(method string) error {
		if method == token.MethodWrap {
			return errors.New("it was wrapped before the token was looked for")
		}
		if method == token.MethodMakeKey {
			return nil
		}
		if slices.Contains(r.Calls, token.MethodMakeKey) {
			r.Tokens[0].Away = true
		}
		return nil
	}
	b.refused(t, knows(passphrase), errcode.NoToken, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "piv"})
	if kinds := slotKinds(t, b); slices.Contains(kinds, "piv") {
		t.Errorf("slots %q", kinds)
	}
}

func TestPluginThatDoesNotOpenIsNoWayIn(t *testing.T) {
	b := newBench(t)
	b.withVault(t)
	recipient, identity := plugintest.Install(t)
	p := knows(passphrase) // who does not know the plugin's PIN
	b.refused(t, p, errcode.Plugin, wire.MethodSlotAdd, wire.SlotAddParams{Kind: "plugin", Recipient: recipient, Identity: identity})
	if kinds := slotKinds(t, b); slices.Contains(kinds, "plugin") {
		t.Errorf("slots %q", kinds)
	}
}

// The proof costs nobody a secret that was typed just now.
func TestTypedWaysAreProvedWithoutAnotherQuestion(t *testing.T) {
	for kind, questions := range map[string]int{"passphrase": 2, "recovery": 1} {
		b := newBench(t)
		b.withVault(t)
		p := knows(passphrase)
		b.must(t, p, wire.MethodSlotAdd, wire.SlotAddParams{Kind: kind}, nil)
		if asked := p.questions(); len(asked) != questions {
			t.Errorf("%s: asked %q", kind, asked)
		}
	}
}
