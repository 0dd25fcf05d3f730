//go:build unix

package token_test

import (
	"bufio"
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/mfad/mfad/token"
)

// odd is what a device may call itself.
const odd = `evil\u001b]0;x\u0007\u009b31m\u202e\nmfad: `

func init() {
	programs["lists a strange token"] = func(in *bufio.Reader) {
		next(in)
		text, long := `"`+odd+`"`, `"`+strings.Repeat("x", 10_000)+`"`
		say(`{"jsonrpc":"2.0","id":1,"result":{"faults":[%[1]s],"tokens":[{`+
			`"model":%[1]s,"serial":%[1]s,"version":%[1]s,"place":%[1]s,"fault":%[2]s,`+
			`"piv":{"version":%[1]s,"retries":3,"keys":[{"slot":%[1]s,"subject":%[2]s},{"subject":%[1]s}]},`+
			`"oath":{"id":%[1]s,"credentials":[{"name":%[1]s,"type":%[1]s}]},"fido2":{"aaguid":%[1]s}}]}}`, text, long)
	}
	programs["gives a code of a strange token"] = func(in *bufio.Reader) {
		next(in)
		say(`{"jsonrpc":"2.0","id":1,"result":{"digits":"123456","token":{"model":"%s"}}}`, odd)
	}
}

// A device can call itself anything, and what it says is shown to people and
// to shells.
func TestWhatATokenSaysOfItselfIsFitToBeShown(t *testing.T) {
	r, err := helper(t, "lists a strange token").List(t.Context(), token.ListParams{})
	if err != nil || len(r.Tokens) != 1 {
		t.Fatal(r, err)
	}
	c, err := codeOf(t, helper(t, "gives a code of a strange token"), nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal([]any{r, c.Token})
	if err != nil {
		t.Fatal(err)
	}
	var shown any
	if err := json.Unmarshal(text, &shown); err != nil {
		t.Fatal(err)
	}
	each(shown, func(s string) {
		if len(s) > 1000 || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%d bytes: %.40q", len(s), s)
		}
	})
	if !strings.HasPrefix(r.Tokens[0].Model, "evil") {
		t.Errorf("the model is %q", r.Tokens[0].Model)
	}
}

// each calls f with every text in a value of JSON.
func each(v any, f func(string)) {
	switch v := v.(type) {
	case string:
		f(v)
	case []any:
		for _, e := range v {
			each(e, f)
		}
	case map[string]any:
		for _, e := range v {
			each(e, f)
		}
	}
}
