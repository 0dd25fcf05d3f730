package agent

import (
	"strings"
	"testing"

	"github.com/mfad/mfad/agent/wire"
)

// The person consents to what is named: a label or a token that the caller
// chose cannot pass for words of the question, nor push them out of sight.
func TestQuestionsNameTheLabelAndTheTokens(t *testing.T) {
	m := new(proofs)
	long := strings.Repeat("x", 5000)
	for _, row := range []struct {
		p    wire.SlotAddParams
		want string
	}{
		{wire.SlotAddParams{Kind: "passphrase"}, "to add a way in: passphrase"},
		{wire.SlotAddParams{Kind: "piv", Token: "123", Label: "work"}, `to add a way in: piv on token "123", labelled "work"`},
		{wire.SlotAddParams{Kind: "piv", Label: "a\" \x1b[2J\nb"}, `to add a way in: piv, labelled "a\" �[2J; b"`},
		{wire.SlotAddParams{Kind: "fido2", Token: long}, `to add a way in: fido2 on token "` + long[:39] + `…"`},
	} {
		if act, err := m.addSlot(t.Context(), row.p); err != nil || act.Why != row.want {
			t.Errorf("got %q, %v, want %q", act.Why, err, row.want)
		}
	}
	for want, tokens := range map[string][]string{
		"a token":                              nil,
		`token "1\""`:                          {`1"`},
		`tokens "1", "2"`:                      {"1", "2"},
		`tokens "1", "2", "3", "4" and 2 more`: {"1", "2", "3", "4", "5", "6"},
	} {
		if got := tokensOf(tokens); got != want {
			t.Errorf("%q: got %s, want %s", tokens, got, want)
		}
	}
	b, _ := withTaker(t)
	for method, want := range map[string]string{
		wire.MethodDeviceMove: `to move device "phone" onto tokens "7", "8"`,
		wire.MethodKeyMove:    `to move access key "base" onto tokens "7", "8"`,
	} {
		who := knows("wrong")
		name := map[string]string{wire.MethodDeviceMove: "phone", wire.MethodKeyMove: "base"}[method]
		_ = b.call(t, who, method, wire.MoveParams{Name: name, Tokens: []string{"7", "8"}}, nil)
		if asked := strings.Join(who.asked, "\n"); !strings.Contains(asked, want) {
			t.Errorf("%s: got %q, want %s", method, asked, want)
		}
	}
}
