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

// nameless is a token that tells no serial.
func nameless(t *testing.T, reader int) *tokentest.YubiKey {
	t.Helper()
	return plug(t, reader, tokentest.YubiKeyOptions{Quirks: tokentest.Quirks{NoSerial: true}})
}

func makeNameless(t *testing.T, h *token.Helper, reader int) token.NewKey {
	t.Helper()
	p := token.KeyParams{Kind: token.KindPIV, Token: house.service.Reader(reader), PIN: "never", Touch: "never"}
	made, err := h.MakeKey(t.Context(), p, new(persontest.Person))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// Of tokens that tell no serial, the one that has the key opens, in whatever reader
// it is.
func TestKeyOfATokenWithoutASerialIsFoundByItself(t *testing.T) {
	h, p := newHelper(t), new(persontest.Person)
	plug(t, 0, tokentest.YubiKeyOptions{Serial: 7})
	first, second := nameless(t, 1), nameless(t, 2)
	other, made := makeNameless(t, h, 1), makeNameless(t, h, 2)
	if first.Key(0x82) == nil || second.Key(0x82) == nil {
		t.Fatal("a key was made on another token than the one in that reader")
	}
	key := token.KeyBy(t.Context(), h, made.Identity, 0, p)
	stanzas, err := key.Wrap(fileKey)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := key.Unwrap(stanzas); err != nil || string(got) != string(fileKey) {
		t.Errorf("got %q, %v", got, err)
	}
	if at := key.Token().Place; at != house.service.Reader(2) {
		t.Errorf("opened in %q", at)
	}
	pull(t, 2)
	if _, err := key.Unwrap(stanzas); !errors.Is(err, token.ErrNotPresent) || !strings.Contains(err.Error(), "none of these has it") {
		t.Errorf("with the other alone: %v", err)
	}
	if _, err := token.KeyBy(t.Context(), h, other.Identity, 0, p).Unwrap(stanzas); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("by the other's key: %v", err)
	}
	pull(t, 1)
	if _, err := key.Unwrap(stanzas); !errors.Is(err, token.ErrNotPresent) || !strings.Contains(err.Error(), "without a serial number") {
		t.Errorf("without any: %v", err)
	}
	go func() { _ = house.service.Insert(2, second) }()
	if _, err := token.KeyBy(t.Context(), h, made.Identity, 20, p).Unwrap(stanzas); err != nil {
		t.Errorf("plugged in meanwhile: %v", err)
	}
	if len(p.Secrets)+len(p.Confirms) > 0 || p.Open != 0 {
		t.Errorf("asked %+v, %+v", p.Secrets, p.Confirms)
	}
}

func TestStockAgeOpensByATokenWithoutASerial(t *testing.T) {
	h := newHelper(t)
	nameless(t, 0)
	made := makeNameless(t, h, 0)
	file := slot(t, token.KeyBy(t.Context(), h, made.Identity, 0, nil))
	identity := write(t, "id.txt", []byte(made.Identity+"\n"))
	out, shown, err := atTerminal(t, environment(t), "", "-d", "-i", identity, file)
	if err != nil || string(out) != "the vault's key" {
		t.Errorf("got %q, %v, shown %q", out, err, shown)
	}
}

func TestSeveralTokensWithoutASerialAreToldApartByTheirReaders(t *testing.T) {
	h, p := newHelper(t), new(persontest.Person)
	nameless(t, 0)
	plug(t, 1, tokentest.YubiKeyOptions{NoOATH: true, Quirks: tokentest.Quirks{NoSerial: true}})
	_, err := h.MakeKey(t.Context(), token.KeyParams{Kind: token.KindPIV}, p)
	if !errors.Is(err, token.ErrAmbiguous) || !strings.Contains(err.Error(), house.service.Reader(1)) {
		t.Errorf("got %v", err)
	}
	makeNameless(t, h, 1)
}

func TestBlockedPUKIsToldFromABlockedPIN(t *testing.T) {
	for name, test := range map[string]struct {
		quirks tokentest.Quirks
		want   error
		not    string
	}{
		"PIN alone": {tokentest.Quirks{}, token.ErrPINBlocked, "reset"},
		"PUK too":   {tokentest.Quirks{PUKBlocked: true}, token.ErrPUKBlocked, "unblock-pin"},
	} {
		t.Run(name, func(t *testing.T) {
			h, p := newHelper(t), persontest.Typing(token.PIVPIN, "123456")
			y := plug(t, 0, tokentest.YubiKeyOptions{Quirks: test.quirks})
			key := token.KeyBy(t.Context(), h, newPIVKey(t, h).Identity, 0, p)
			stanzas, err := key.Wrap(fileKey)
			if err != nil {
				t.Fatal(err)
			}
			y.SetPINRetries(0)
			if _, err := key.Unwrap(stanzas); !errors.Is(err, test.want) || strings.Contains(err.Error(), test.not) {
				t.Errorf("got %v", err)
			}
			r, err := h.List(t.Context(), token.ListParams{})
			if err != nil || r.Tokens[0].PIV == nil || r.Tokens[0].PIV.PUKBlocked != test.quirks.PUKBlocked {
				t.Errorf("listed %+v, %v", r.Tokens, err)
			}
		})
	}
}
