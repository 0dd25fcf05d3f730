package tokentext_test

import (
	"strings"
	"testing"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tokentext"
)

func TestWarningsComeBeforeThePINIsBlocked(t *testing.T) {
	for name, test := range map[string]struct {
		token wire.Token
		want  []string // what each warning says, and its hint
	}{
		"plenty":       {wire.Token{PIV: &wire.TokenPIV{Retries: 2}, FIDO2: &wire.TokenFIDO2{PINSet: true, Retries: 3}}, nil},
		"not told":     {wire.Token{PIV: &wire.TokenPIV{Retries: -1}, FIDO2: &wire.TokenFIDO2{PINSet: true, Retries: -1}}, nil},
		"no PIN":       {wire.Token{FIDO2: &wire.TokenFIDO2{Retries: 0}}, nil},
		"last of PIV":  {wire.Token{Serial: "7", PIV: &wire.TokenPIV{Retries: 1}}, []string{"PIV: ONLY 1 PIN TRY LEFT", "ykman --device 7 piv"}},
		"PIV blocked":  {wire.Token{PIV: &wire.TokenPIV{}}, []string{"PIV: PIN BLOCKED", "ykman piv"}},
		"PUK blocked":  {wire.Token{PIV: &wire.TokenPIV{PUKBlocked: true}}, []string{"PIV: PIN BLOCKED, AND THE PUK", "ykman piv reset"}},
		"two of FIDO2": {wire.Token{FIDO2: &wire.TokenFIDO2{PINSet: true, Retries: 2}}, []string{"FIDO2: ONLY 2 PIN TRIES LEFT", "Plug it out"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got strings.Builder
			for _, w := range tokentext.Warnings(test.token) {
				got.WriteString(w.Text + "\n" + w.Hint + "\n")
			}
			if len(test.want) == 0 && got.Len() > 0 {
				t.Errorf("warned: %s", got.String())
			}
			for _, want := range test.want {
				if !strings.Contains(got.String(), want) {
					t.Errorf("got %q, want %q in it", got.String(), want)
				}
			}
		})
	}
}

func TestWhereASecretIs(t *testing.T) {
	for _, test := range []struct {
		tokens      []string
		touch       bool
		where, onto string
	}{
		{nil, true, "vault", ""},
		{[]string{"1"}, false, "token 1", ", on token 1"},
		{[]string{"1", "2"}, true, "tokens 1, 2, touch", ", on tokens 1, 2; each use takes a touch"},
	} {
		if got := tokentext.Location(test.tokens, test.touch); got != test.where {
			t.Errorf("%v: got %q", test.tokens, got)
		}
		if got := tokentext.OntoTokens(test.tokens, test.touch); got != test.onto {
			t.Errorf("%v: got %q", test.tokens, got)
		}
	}
}

func TestListingThatFailedIsNotOneOfNothing(t *testing.T) {
	got := tokentext.Blocks([]wire.Token{{OATH: &wire.TokenOATH{ID: "a1", Unlisted: true}}})
	if !strings.Contains(got, "credentials not known") || strings.Contains(got, "no credential") || strings.Contains(got, "0 credential") {
		t.Errorf("got %q", got)
	}
}
