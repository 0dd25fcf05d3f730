//go:build cgo

package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/persontest"
	"github.com/mfad/mfad/token/tokentest"
)

// protect sets an access code on the only token.
func protect(t *testing.T, h *token.Helper, p *persontest.Person, code string, known map[string][]byte) token.OATHAccess {
	t.Helper()
	r, err := h.OATHProtect(t.Context(), token.OATHProtectParams{New: []byte(code), Ref: token.Ref{Access: known}}, p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAccessCodeIsAskedForUnlessItIsKnown(t *testing.T) {
	h, p := newHelper(t), persontest.Typing(token.AccessCode, "wrong", "open")
	y := plug(t, 0, tokentest.YubiKeyOptions{})
	if _, err := put(p, h, t, false); err != nil {
		t.Fatal(err)
	}
	if r, err := h.OATHAccess(t.Context(), token.OATHAccessParams{}, p); err != nil || r.ID != y.OATHID() || len(r.Key) > 0 {
		t.Errorf("without a code: %q, %d bytes, %v", r.ID, len(r.Key), err)
	}
	set := protect(t, h, p, "open", nil)
	if len(set.Key) != 16 || len(p.Secrets) > 0 {
		t.Fatalf("a key of %d bytes after %d questions", len(set.Key), len(p.Secrets))
	}
	// The reader is free while the person is asked.
	p.OnAsk = func(human.Question) { ykman(t, y, "oath", "info") }
	r, err := h.OATHAccess(t.Context(), token.OATHAccessParams{}, p)
	if err != nil || string(r.Key) != string(set.Key) || len(p.Secrets) != 2 {
		t.Errorf("%d questions, %v", len(p.Secrets), err)
	}
	if q := p.Secrets[1]; q.What != token.AccessCode || !strings.Contains(q.Token, serial(y)) || q.Again == "" || p.Secrets[0].Again != "" {
		t.Errorf("asked %+v", p.Secrets)
	}
	known := map[string][]byte{r.ID: r.Key}
	got, err := h.OATHCode(t.Context(), token.OATHCodeParams{Name: name, Ref: token.Ref{Access: known}}, new(persontest.Person))
	if err != nil || got.Digits != code(t, 0) {
		t.Errorf("with the known key: %q, %v", got.Digits, err)
	}
	if r := protect(t, h, new(persontest.Person), "", known); len(r.Key) > 0 {
		t.Error("a key of what is no longer protected")
	}
	if got := ykman(t, y, "oath", "accounts", "list"); got != name {
		t.Errorf("ykman lists %q", got)
	}
}

func TestAccessCodeIsAskedForThreeTimes(t *testing.T) {
	h, p := newHelper(t), persontest.Typing(token.AccessCode, "wrong")
	y := plug(t, 0, tokentest.YubiKeyOptions{})
	protect(t, h, p, "open", nil)
	known := map[string][]byte{y.OATHID(): make([]byte, 16)}
	_, err := h.OATHAccess(t.Context(), token.OATHAccessParams{Ref: token.Ref{Access: known}}, p)
	if !errors.Is(err, token.ErrAccessCode) || len(p.Secrets) != 3 || p.Secrets[0].Again == "" {
		t.Errorf("%v after %d questions", err, len(p.Secrets))
	}
	if _, err := h.OATHAccess(t.Context(), token.OATHAccessParams{}, new(persontest.Person)); !errors.Is(err, human.ErrDismissed) {
		t.Errorf("dismissed: %v", err)
	}
}
