//go:build cgo

package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/persontest"
	"github.com/mfad/mfad/token/tokentest"
)

// Between the end of a transaction and the reset another program may be the
// next to use the card: what it finds must be locked.
func TestAppletIsLockedWhenATransactionEnds(t *testing.T) {
	h, p := newHelper(t), new(persontest.Person)
	y := plug(t, 0, tokentest.YubiKeyOptions{})
	if _, err := put(p, h, t, false); err != nil {
		t.Fatal(err)
	}
	set := protect(t, h, p, "open", nil)
	ref := token.Ref{Access: map[string][]byte{set.ID: set.Key}}
	const validated = "00 a3 "
	for what, do := range map[string]func() error{
		"code": func() error {
			_, err := h.OATHCode(t.Context(), token.OATHCodeParams{Name: name, Ref: ref}, p)
			return err
		},
		"a name that is not there": func() error {
			_, err := h.OATHCode(t.Context(), token.OATHCodeParams{Name: "none", Ref: ref}, p)
			if errors.Is(err, token.ErrNoCredential) {
				return nil
			}
			return err
		},
		"list": func() error {
			_, err := h.List(t.Context(), token.ListParams{Access: ref.Access})
			return err
		},
		"put": func() error {
			_, err := h.OATHPut(t.Context(), token.OATHPutParams{Ref: ref, Name: "other", Algorithm: "SHA1", Digits: 6, Key: []byte(seedKey)}, p)
			return err
		},
		"access code": func() error {
			_, err := h.OATHProtect(t.Context(), token.OATHProtectParams{Ref: ref, New: []byte("open")}, p)
			return err
		},
	} {
		y.ClearJournal()
		if err := do(); err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		var said []string
		open := false
		for _, e := range y.Journal() {
			line := e.String()
			said = append(said, line)
			switch {
			case strings.HasPrefix(line, validated):
				open = true
			case strings.HasPrefix(line, "00 a4 04 00"):
				open = false
			}
		}
		if open || !strings.Contains(strings.Join(said, "\n"), validated) {
			t.Errorf("%s: it ended unlocked, or never was:\n%s", what, strings.Join(said, "\n"))
		}
	}
}
