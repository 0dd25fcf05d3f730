package line_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/mfad/mfad/internal/line"
)

func TestOneLeavesNothingForATerminalToObey(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "",
		"Zürich → 日本":              "Zürich → 日本",
		"one\ntwo\r\n\nthree\n":    "one; two; three",
		"ledger:\n  damaged\n":     "ledger: damaged",
		"a\tb":                     "a b",
		"\x1b[2Jgone\x7f\u009b1m":  "\ufffd[2Jgone\ufffd\ufffd1m",
		"ad\u202enim\u2066\u200bx": "ad\ufffdnim\ufffd\ufffdx",
		"half\xff":                 "half\ufffd",
	} {
		if got := line.One(text); got != want {
			t.Errorf("%+q: got %+q, want %+q", text, got, want)
		}
	}
}

func TestShortCutsWhatIsLong(t *testing.T) {
	for text, want := range map[string]string{
		"":              "",
		"12345":         "12345",
		"123456":        "1234…",
		"日本日本日":         "日本日本日",
		"日本日本日本":        "日本日本…",
		"a\nb\nc\nd\ne": "a; b…",
	} {
		if got := line.Short(text, 5); got != want {
			t.Errorf("%+q: got %+q, want %+q", text, got, want)
		}
	}
}

func TestJSONMeansTheSameAndHidesNothing(t *testing.T) {
	const evil = "Zürich → 日本 😀 ad\u202enim\u2066\u200b\x1b[2J\x7f\ufeff\u2028\U000e0041 \"\\\t\ufffd"
	text, err := json.MarshalIndent([]string{evil}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	shown := line.JSON(text)
	var back []string
	if err := json.Unmarshal(shown, &back); err != nil || back[0] != evil {
		t.Errorf("%q means %+q, %v", shown, back, err)
	}
	if strings.ContainsAny(string(shown), "\u202e\u2066\u200b\x1b\x7f\ufeff\u2028\U000e0041") || !strings.Contains(string(shown), "日本 😀") {
		t.Errorf("shown as %+q", shown)
	}
}
