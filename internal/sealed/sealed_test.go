package sealed_test

import (
	"bytes"
	"encoding/json"
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
		"plain":          `{"kind":"secret","inside":{"secret":"Y29ycmVjdCBob3JzZQ=="}}`,
		"blanks":         "{ \"kind\" : \"secret\" , \"inside\" : { \"secret\" :\t \"Y29ycmVjdCBob3JzZQ==\" } }",
		"needless slash": `{"kind":"secret","inside":{"secret":"Y29ycmVjdCBob3JzZQ\u003d="}}`,
		"quoted name":    `{"kind":"secret","x":"\"secret\":\"y\"","inside":{"secret":"Y29ycmVjdCBob3JzZQ=="}}`,
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
	for _, line := range []string{``, `{`, `:`, `{"secret":5}`, `{"secret":"x`, `{"a":"secret"}`, `{"my secret":"x"}`, `{"secrets":"x"}`} {
		if got := tickets.Lift([]byte(line), fields); string(got) != line {
			t.Errorf("%s became %s", line, got)
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
