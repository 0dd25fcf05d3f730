//go:build cgo && linux

package fido2

import (
	"errors"
	"strings"
	"testing"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/tokentest/ctap"
)

// opens makes a key on a device and opens with it what it wraps, among others.
func opens(t *testing.T, o ctap.Options, usePIN bool) {
	t.Helper()
	other, k := newKey(t, ctap.Options{PIN: "1234"}), newKey(t, o)
	p := token.KeyParams{}
	var pins []string
	if o.PIN != "" {
		pins = append(pins, o.PIN)
	}
	if usePIN {
		p.PIN = always
		pins = append(pins, o.PIN)
	}
	person := typing(t, pins...)
	made, err := NewKey(t.Context(), devices(t, k)[0], p, person)
	if err != nil {
		t.Fatal(err)
	}
	i, err := ParseIdentity(made.Identity)
	if err != nil {
		t.Fatal(err)
	}
	fileKey := []byte("0123456789abcdef")
	ks := Keys{devices(t, other, k), person}
	stanzas, err := ks.Wrap(t.Context(), i, fileKey)
	if err != nil {
		t.Fatal(err)
	}
	got, by, err := ks.Unwrap(t.Context(), i, stanzas)
	if err != nil || string(got) != string(fileKey) || by.Place != k.Path() {
		t.Errorf("got %q by %s, %v", got, by.Place, err)
	}
}

func TestCredentialsOfEachLengthOpen(t *testing.T) {
	for _, length := range []int{1, 64, 255, 256, 1023} {
		opens(t, ctap.Options{IDLength: length}, false)
	}
}

func TestKeyWithAFingerOnFileOpens(t *testing.T) {
	opens(t, ctap.Options{PIN: "123456", Biometric: true}, false)
	opens(t, ctap.Options{PIN: "123456", Biometric: true}, true)
}

func TestKeyThatAlwaysWantsItsPINOpensWithIt(t *testing.T) {
	opens(t, ctap.Options{PIN: "123456", AlwaysUV: true}, true)
	k := newKey(t, ctap.Options{PIN: "123456", AlwaysUV: true})
	_, err := NewKey(t.Context(), devices(t, k)[0], token.KeyParams{}, nobody(t))
	if !errors.Is(err, token.ErrUnsupported) || !strings.Contains(err.Error(), "--pin") || k.Touches() > 0 {
		t.Errorf("without: %v, after %d touches", err, k.Touches())
	}
}

func TestKeyFromBeforeFIDO2IsNoKey(t *testing.T) {
	k := newKey(t, ctap.Options{U2FOnly: true})
	d := devices(t, k)[0]
	if d.FIDO2 != nil || !strings.Contains(d.Fault, "older than FIDO2") {
		t.Errorf("%+v", d)
	}
	if _, err := NewKey(t.Context(), d, token.KeyParams{}, nobody(t)); !errors.Is(err, token.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}
