package tokenperson

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
)

// terminal is where a person answers every secret with text, and keeps what is
// asked and told; without a text nobody is there.
type terminal struct {
	human.Silent // nobody is told anything else
	text         string
	asked, told  []string
}

func (p *terminal) Ask(_ context.Context, q human.Question) (human.Answer, error) {
	if p.text == "" || q.Kind != human.Secret {
		return human.Answer{}, human.ErrNoPrompt
	}
	p.asked = append(p.asked, q.What+" | "+q.Again)
	return human.Answer{Text: []byte(p.text)}, nil
}

func (p *terminal) Act(_ context.Context, what string) func() {
	p.told = append(p.told, what)
	return func() { p.told = append(p.told, "") }
}

func TestPersonHearsWhatATokenWants(t *testing.T) {
	p := &terminal{text: "123456"}
	b := Person{p, "to get a code for prod"}
	yubikey := token.Token{Serial: "12345678", Model: "YubiKey 5\x1b[2J NFC"}
	for want, w := range map[string]token.Waiting{
		"touch YubiKey 5\ufffd[2J NFC (serial 12345678) to get a code for prod": {For: token.AwaitTouch, Token: yubikey},
		"plug in the token with serial 1 or 2 to get a code for prod":           {For: token.AwaitInsert, Serials: []string{"1", "2"}},
		"plug in the token to get a code for prod":                              {For: token.AwaitInsert},
		"another request has the token: touch it if it blinks":                  {For: token.AwaitTurn},
	} {
		b.Await(t.Context(), w)()
		if n := len(p.told); p.told[n-2] != want || p.told[n-1] != "" {
			t.Errorf("told %q, want %q", p.told[n-2:], want)
		}
	}
	for _, what := range []string{token.PIVPIN, token.FIDO2PIN, token.AccessCode, token.ManagementKey} {
		pin, err := token.AskSecret(t.Context(), b, token.Want{What: what, Token: yubikey, Retries: token.Unknown, Again: "wrong\nPIN"})
		if err != nil || string(pin) != "123456" {
			t.Errorf("%s: %v", what, err)
		}
		if asked := p.asked[len(p.asked)-1]; asked != what+" | wrong; PIN" {
			t.Errorf("asked %q", asked)
		}
	}
	nobody := Person{Asker: new(terminal)}
	_, err := token.AskSecret(t.Context(), nobody, token.Want{Again: "that code is old"})
	if !errors.Is(err, human.ErrNoPrompt) || !strings.HasPrefix(err.Error(), "that code is old: ") {
		t.Errorf("nobody was asked: %v", err)
	}
	if _, err := token.AskLastTry(t.Context(), nobody, token.Want{Retries: 2}); err == nil {
		t.Error("nobody said yes")
	}
}
