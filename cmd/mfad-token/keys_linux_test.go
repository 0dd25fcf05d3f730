//go:build cgo

package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/persontest"
	"github.com/mfad/mfad/token/tokentest"
	"github.com/mfad/mfad/token/tokentest/ctap"
)

var fileKey = []byte("0123456789abcdef")

// newPIVKey makes a key on the only token.
func newPIVKey(t testing.TB, h *token.Helper) token.NewKey {
	t.Helper()
	made, err := h.MakeKey(t.Context(), token.KeyParams{Kind: token.KindPIV}, new(persontest.Person))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestPIVKeyOpensWhatItWraps(t *testing.T) {
	h := newHelper(t)
	y := plug(t, 0, tokentest.YubiKeyOptions{})
	made := newPIVKey(t, h)
	if made.Token.Serial != serial(y) || made.Recipient == "" || made.Key == nil || made.Key.Slot != "82" {
		t.Errorf("made %+v", made)
	}
	p := persontest.Typing(token.PIVPIN, "wrong1", "123456")
	// ykman needs the reader for itself: it is free while the PIN is typed.
	p.OnAsk = func(human.Question) { ykman(t, y, "piv", "info") }
	key := token.KeyBy(t.Context(), h, made.Identity, 0, p)
	stanzas, err := key.Wrap(fileKey)
	if err != nil {
		t.Fatal(err)
	}
	got, err := key.Unwrap(stanzas)
	if err != nil || string(got) != string(fileKey) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
	if len(p.Secrets) != 2 || p.Secrets[1].Tries != 2 || len(p.Waits) != 1 || y.PINRetries() != 3 {
		t.Errorf("asked %+v, awaited %v, %d tries left", p.Secrets, p.Waits, y.PINRetries())
	}
	y.SetPINRetries(1)
	if _, err := key.Unwrap(stanzas); !errors.Is(err, token.ErrPINGuard) || y.PINRetries() != 1 {
		t.Errorf("with one try left: %v", err)
	}
	pull(t, 0)
	if _, err := key.Unwrap(stanzas); !errors.Is(err, token.ErrNotPresent) {
		t.Errorf("without the token: %v", err)
	}
}

func TestTokenWithoutTheAppletThatIsWanted(t *testing.T) {
	h := newHelper(t)
	plug(t, 0, tokentest.YubiKeyOptions{NoPIV: true, NoOATH: true})
	_, err := h.MakeKey(t.Context(), token.KeyParams{Kind: token.KindPIV}, new(persontest.Person))
	if !errors.Is(err, token.ErrNotPresent) || !strings.Contains(err.Error(), "wanted is one with a PIV applet; plugged in: ") {
		t.Errorf("a PIV key: %v", err)
	}
	_, err = put(new(persontest.Person), h, t, false)
	if !errors.Is(err, token.ErrNotPresent) || !strings.Contains(err.Error(), "wanted is one with an OATH applet; plugged in: ") {
		t.Errorf("a credential: %v", err)
	}
}

func TestKeyIsNotAskedForWhatIsNotForIt(t *testing.T) {
	h := newHelper(t)
	plug(t, 0, tokentest.YubiKeyOptions{})
	one, two := newPIVKey(t, h), newPIVKey(t, h)
	stanzas, err := token.KeyBy(t.Context(), h, two.Identity, 0, nil).Wrap(fileKey)
	if err != nil {
		t.Fatal(err)
	}
	pull(t, 0)
	p := new(persontest.Person)
	_, err = token.KeyBy(t.Context(), h, one.Identity, 30, p).Unwrap(stanzas)
	if !errors.Is(err, age.ErrIncorrectIdentity) || len(p.Waits)+len(p.Secrets) > 0 {
		t.Errorf("got %v, asked %v %v", err, p.Secrets, p.Waits)
	}
}

func TestFIDO2KeyOpensWhatItWraps(t *testing.T) {
	for _, pin := range []string{"never", "always"} {
		t.Run(fmt.Sprint("PIN ", pin), func(t *testing.T) {
			k, known := plugKey(t, ctap.Options{PIN: "1234"})
			h, p := newHelper(t, known), persontest.Typing(token.FIDO2PIN, "1234")
			made, err := h.MakeKey(t.Context(), token.KeyParams{Kind: token.KindFIDO2, PIN: pin}, p)
			if err != nil || made.Token.Place != k.Path() {
				t.Fatalf("made %+v, %v", made, err)
			}
			p = persontest.Typing(token.FIDO2PIN, "1234")
			key := token.KeyBy(t.Context(), h, made.Identity, 0, p)
			stanzas, err := key.Wrap(fileKey)
			if err != nil {
				t.Fatal(err)
			}
			got, err := key.Unwrap(stanzas)
			if err != nil || string(got) != string(fileKey) || (len(p.Secrets) == 1) != (pin == "always") || len(p.Waits) == 0 || p.Open > 0 {
				t.Errorf("got %d bytes, %v; asked %v, awaited %v", len(got), err, p.Secrets, p.Waits)
			}
			if err := k.Foreign(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFIDO2KeyIsChosenByItsPlace(t *testing.T) {
	h := newHelper(t)
	if _, err := h.MakeKey(t.Context(), token.KeyParams{Kind: token.KindFIDO2}, new(persontest.Person)); !errors.Is(err, token.ErrNotPresent) {
		t.Errorf("none: %v", err)
	}
	one, _ := plugKey(t, ctap.Options{})
	two, _ := plugKey(t, ctap.Options{})
	h = newHelper(t, devicesVariable+"="+one.Path()+":"+two.Path())
	if _, err := h.MakeKey(t.Context(), token.KeyParams{Kind: token.KindFIDO2}, new(persontest.Person)); !errors.Is(err, token.ErrAmbiguous) {
		t.Errorf("two: %v", err)
	}
	nowhere := token.KeyParams{Kind: token.KindFIDO2, Token: "/dev/null"}
	if _, err := h.MakeKey(t.Context(), nowhere, new(persontest.Person)); !errors.Is(err, token.ErrNotPresent) {
		t.Errorf("another: %v", err)
	}
	made, err := h.MakeKey(t.Context(), token.KeyParams{Kind: token.KindFIDO2, Token: two.Path()}, new(persontest.Person))
	if err != nil || made.Token.Place != two.Path() {
		t.Fatalf("made %+v, %v", made, err)
	}
	stanzas, err := token.KeyBy(t.Context(), h, made.Identity, 0, new(persontest.Person)).Wrap(fileKey)
	if err != nil {
		t.Fatal(err)
	}
	r, err := h.Unwrap(t.Context(), token.UnwrapParams{Identity: made.Identity, Stanzas: token.Stanzas(stanzas)}, new(persontest.Person))
	if err != nil || r.Token.Place != two.Path() {
		t.Errorf("opened by %+v, %v", r.Token, err)
	}
}

func TestFIDO2KeyThatCanOpenAVaultIsChosen(t *testing.T) {
	other, _ := plugKey(t, ctap.Options{NoHMACSecret: true})
	another, _ := plugKey(t, ctap.Options{NoHMACSecret: true})
	able, _ := plugKey(t, ctap.Options{})
	more, _ := plugKey(t, ctap.Options{})
	for _, row := range []struct {
		there  []*ctap.Key
		chosen *ctap.Key
		err    error
		says   string
	}{
		{[]*ctap.Key{other, able}, able, nil, ""},
		{[]*ctap.Key{able, other, another}, able, nil, ""},
		{[]*ctap.Key{able, other, more}, nil, token.ErrAmbiguous, "FIDO2 key at " + able.Path() + ", FIDO2 key at " + more.Path()},
		{[]*ctap.Key{other, another}, nil, token.ErrUnsupported, "wanted is a FIDO2 key with hmac-secret"},
		{[]*ctap.Key{other}, nil, token.ErrUnsupported, "hmac-secret"},
	} {
		var paths []string
		for _, k := range row.there {
			paths = append(paths, k.Path())
		}
		h := newHelper(t, devicesVariable+"="+strings.Join(paths, ":"))
		made, err := h.MakeKey(t.Context(), token.KeyParams{Kind: token.KindFIDO2}, new(persontest.Person))
		if row.chosen == nil {
			if !errors.Is(err, row.err) || !strings.Contains(err.Error(), row.says) {
				t.Errorf("of %q: %v", paths, err)
			}
			continue
		}
		if err != nil || made.Token.Place != row.chosen.Path() {
			t.Errorf("of %q: %s, %v", paths, made.Token.Place, err)
		}
	}
}

// newFIDO2Key plugs in a FIDO2 key, at a path that stays when it is plugged in
// again, with a credential that opens a vault.
func newFIDO2Key(t *testing.T) (*ctap.Key, *token.Helper, token.NewKey) {
	t.Helper()
	link := t.TempDir() + "/key"
	k, _ := plugKey(t, ctap.Options{Link: link})
	h := newHelper(t, devicesVariable+"="+link)
	made, err := h.MakeKey(t.Context(), token.KeyParams{Kind: token.KindFIDO2}, new(persontest.Person))
	if err != nil {
		t.Fatal(err)
	}
	return k, h, made
}

func TestFIDO2KeyIsWaitedFor(t *testing.T) {
	k, h, made := newFIDO2Key(t)
	k.Unplug()
	back := make(chan error, 1)
	p := new(persontest.Person)
	p.OnAwait = func(w token.Waiting) {
		if w.For == token.AwaitInsert {
			go func() { back <- k.Replug() }()
		}
	}
	key := token.KeyBy(t.Context(), h, made.Identity, 20, p)
	stanzas, err := key.Wrap(fileKey)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := key.Unwrap(stanzas); err != nil || string(got) != string(fileKey) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
	if err := <-back; err != nil {
		t.Error(err)
	}
}
