package wire_test

import (
	"testing"

	"github.com/mfad/mfad/agent/wire"
)

func TestOneLineLeavesNothingForATerminalToObey(t *testing.T) {
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
		if got := wire.OneLine(text); got != want {
			t.Errorf("%+q: got %+q, want %+q", text, got, want)
		}
	}
}
