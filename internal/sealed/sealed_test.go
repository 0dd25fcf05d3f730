package sealed_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mfad/mfad/internal/sealed"
)

const words = "correct horse"

// frame has a secret at some depth.
type frame struct {
	Kind   string `json:"kind"`
	Inside struct {
		Secret sealed.Bytes `json:"secret,omitempty"`
	} `json:"inside"`
}

var fields = []string{"secret"}

func TestSecretIsLiftedBeforeALineIsDecoded(t *testing.T) {
	for name, line := range map[string]string{
		"plain":           `{"kind":"secret","inside":{"secret":"Y29ycmVjdCBob3JzZQ=="}}`,
		"blanks":          "{ \"kind\" : \"secret\" , \"inside\" : { \"secret\" :\t \"Y29ycmVjdCBob3JzZQ==\" } }",
		"needless slash":  `{"kind":"secret","inside":{"secret":"Y29ycmVjdCBob3JzZQ\u003d="}}`,
		"behind an empty": `{"secret":"","kind":"secret","inside":{"secret":"Y29ycmVjdCBob3JzZQ=="}}`,
		"quoted name":     `{"kind":"secret","x":"\"secret\":\"y\"","inside":{"secret":"Y29ycmVjdCBob3JzZQ=="}}`,
	} {
		t.Run(name, func(t *testing.T) {
			var tickets sealed.Tickets
			in := []byte(line)
			left := tickets.Lift(in, fields)
			if bytes.Contains(left, []byte("Y29y")) || strings.Trim(string(in), "\x00") != "" {
				t.Error("the line holds the secret still")
			}
			var got frame
			if err := json.Unmarshal(left, &got); err != nil || string(got.Inside.Secret) != words || got.Kind != "secret" {
				t.Errorf("kind %q, another secret, %v", got.Kind, err)
			}
		})
	}
}

func TestLineWithoutASecretIsLeftAlone(t *testing.T) {
	var tickets sealed.Tickets
	for _, line := range []string{
		``, `{`, `:`, `{"secret":`, `{"secret": `, `{"secret":5}`, `{"secret":"x`, `secret":"x"`, `{"secret":5,"a":"b"}`,
		`{"a":"secret:","b":"x"}`, `{"a":"mfad-sealed-"}`, `{"a":"secret"}`, `{"my secret":"x"}`, `{"secrets":"x"}`,
	} {
		in := []byte(line)
		for what, out := range map[string][]byte{"lifted": tickets.Lift(in, fields), "filled": sealed.Fill(in)} {
			if string(out) != line || len(in) > 0 && &out[0] != &in[0] {
				t.Errorf("%s, %s became %s, or a copy", line, what, out)
			}
		}
	}
}

func TestSecretIsFilledInAfterALineIsEncoded(t *testing.T) {
	var f frame
	f.Inside.Secret = sealed.Bytes(words)
	line, err := json.Marshal([]any{f, sealed.Text("paper"), sealed.Object(`{"a":1}`), f})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"Y29y", "paper", `"a"`} {
		if strings.Contains(string(line), secret) {
			t.Errorf("the encoder saw the secret: %s", line)
		}
	}
	const one = `{"kind":"","inside":{"secret":"Y29ycmVjdCBob3JzZQ=="}}`
	if got := string(sealed.Fill(line)); got != "["+one+`,"paper",{"a":1},`+one+"]" {
		t.Errorf("the line is %s", got)
	}
	if string(f.Inside.Secret) != words {
		t.Error("the secret of the caller was wiped")
	}
	given := sealed.Text("paper")
	if _, err := json.Marshal(given); err != nil || strings.Trim(string(given), "\x00") != "" {
		t.Errorf("a text that was given away is there still, or %v", err)
	}
	if line, err := json.Marshal([]any{sealed.Bytes(nil), sealed.Object(nil)}); string(line) != "[null,null]" {
		t.Errorf("nothing is %s, %v", line, err)
	}
}

// A text that needs an escape would end its string, and what follows it be read as
// more fields.
func TestTextThatNeedsAnEscapeIsNotEncoded(t *testing.T) {
	for _, text := range []string{`a","b":"`, `\`, "a\nb", "\x1f", "\x7f", "é"} {
		if line, err := json.Marshal(sealed.Text(text)); err == nil {
			t.Errorf("%q was encoded as %s", text, sealed.Fill(line))
		}
	}
	if _, err := json.Marshal(sealed.Text(" ~!#[]")); err != nil {
		t.Error(err)
	}
}

// What is no ticket is read as it stands, whatever it looks like.
func TestValueIsReadWithoutATicket(t *testing.T) {
	long := strings.Repeat("Y29y", 9) + "Y2" // as long as a ticket
	for value, want := range map[string]string{
		`""`: "", `"x"`: "x", `"a\"b"`: `a"b`, `"` + long + `"`: long, `"mfad-sealed-"`: "mfad-sealed-",
	} {
		text := sealed.Text("old")
		if err := json.Unmarshal([]byte(value), &text); err != nil || string(text) != want || text == nil {
			t.Errorf("%s became %d bytes, %v", value, len(text), err)
		}
	}
	for _, value := range []string{``, `"`, `5`, `{}`, `x"`, `"\q"`} {
		text, b := sealed.Text("old"), sealed.Bytes("old")
		if text.UnmarshalJSON([]byte(value)) == nil || b.UnmarshalJSON([]byte(value)) == nil {
			t.Errorf("%s is a secret", value)
		}
		if b != nil {
			t.Errorf("%s left what was there before", value)
		}
	}
	b := sealed.Bytes("old")
	if err := json.Unmarshal([]byte(`"%"`), &b); err == nil || strings.Contains(err.Error(), "%") {
		t.Errorf("no base64: %v", err)
	}
	text := sealed.Text("old")
	if err := errors.Join(text.UnmarshalJSON([]byte("null")), b.UnmarshalJSON([]byte("null"))); err != nil || text != nil || b != nil {
		t.Errorf("null left %d and %d bytes, %v", len(text), len(b), err)
	}
}

// Each secret waits for its own line, however others come and go, up to a bound.
func TestSecretsWaitToBeWrittenInAnyOrder(t *testing.T) {
	seal := func(text string) []byte {
		line, err := json.Marshal(sealed.Text(text))
		if err != nil {
			t.Fatal(err)
		}
		return line
	}
	first, second := seal("first"), seal("second")
	if got := string(sealed.Fill(second)); got != `"second"` {
		t.Errorf("the second is %s", got)
	}
	third := seal("third")
	if got := string(sealed.Fill(first)) + string(sealed.Fill(third)); got != `"first""third"` {
		t.Errorf("the others are %s", got)
	}

	const most = 1024
	var lines [][]byte
	for range most + 1 {
		lines = append(lines, seal("x"))
	}
	if got := string(sealed.Fill(lines[0])) + string(sealed.Fill(lines[1])); got != `"""x"` {
		t.Errorf("the first of too many and the next are %s", got)
	}
}

func TestTicketIsGoodForItsSecretOnce(t *testing.T) {
	line, err := json.Marshal(sealed.Text("paper"))
	if err != nil {
		t.Fatal(err)
	}
	again := bytes.Clone(line)
	if got := string(sealed.Fill(line)); got != `"paper"` {
		t.Fatalf("the first time: %s", got)
	}
	if got := string(sealed.Fill(again)); got != `""` {
		t.Errorf("the second time: %s", got)
	}
	var text sealed.Text
	if err := json.Unmarshal(again, &text); err == nil {
		t.Errorf("decoded as %d bytes", len(text))
	}
}

func TestDroppedSecretsAreGone(t *testing.T) {
	var tickets sealed.Tickets
	left := tickets.Lift([]byte(`{"secret":"Y29y"}`), fields)
	tickets.Drop()
	if json.Unmarshal(left, new(struct{ Secret sealed.Bytes })) == nil {
		t.Error("the secret of a closed stream is there still")
	}
	line, err := json.Marshal(sealed.Text("paper"))
	if err != nil {
		t.Fatal(err)
	}
	sealed.Drop()
	if got := string(sealed.Fill(line)); got != `""` {
		t.Errorf("what was never written is there still: %s", got)
	}
}

// A peer that sends more than anybody asks for does not fill the memory.
func TestStreamKeepsABoundedNumberOfSecrets(t *testing.T) {
	var tickets sealed.Tickets
	first := tickets.Lift([]byte(`{"secret":"Y29y"}`), fields)
	for range 64 {
		tickets.Lift([]byte(`{"secret":"Y29y"}`), fields)
	}
	if json.Unmarshal(first, new(struct{ Secret sealed.Bytes })) == nil {
		t.Error("the oldest of 65 is kept")
	}
}

func TestSecretsPrintNothing(t *testing.T) {
	for _, v := range []any{sealed.Bytes(words), sealed.Text(words), sealed.Object(words), []any{sealed.Bytes(words)}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			if got := fmt.Sprintf(verb, v); !strings.Contains(got, "[redacted]") {
				t.Errorf("%s of %T prints %d bytes", verb, v, len(got))
			}
		}
	}
}
