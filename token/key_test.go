//go:build unix

package token_test

import (
	"errors"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/plugin"
	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/token"
)

func TestIdentitiesTellKindAndSerial(t *testing.T) {
	for name, row := range map[string]struct {
		text   string
		kind   string
		serial string
	}{
		"PIV":              {plugin.EncodeIdentity("mfad", []byte{1, 0, 0xbc, 0x61, 0x4e, 0x82, 2}), token.KindPIV, "12345678"},
		"FIDO2":            {plugin.EncodeIdentity("mfad", []byte{2, 7}), token.KindFIDO2, ""},
		"yubikey":          {plugin.EncodeIdentity("yubikey", []byte{0x4e, 0x61, 0xbc, 0, 0x82, 1, 2, 3, 4}), token.KindPIV, "12345678"},
		"FIDO2 of another": {plugin.EncodeIdentity("fido2-hmac", []byte{0, 2}), token.KindFIDO2, ""},
	} {
		kind, serial, err := token.Known.Parse(row.text)
		if err != nil || kind.Name() != row.kind || serial != row.serial {
			t.Errorf("%s: got %v, %s, %v", name, kind, serial, err)
		}
	}
	for name, text := range map[string]string{
		"empty": "", "no identity": "AGE-SECRET-KEY-1", "another": plugin.EncodeIdentity("tpm", []byte{1, 2, 3, 4, 5}),
		"no kind": plugin.EncodeIdentity("mfad", nil), "odd kind": plugin.EncodeIdentity("mfad", []byte{9, 1, 2, 3, 4}),
		"short": plugin.EncodeIdentity("mfad", []byte{1, 2}), "short yubikey": plugin.EncodeIdentity("yubikey", []byte{1}),
	} {
		if _, _, err := token.Known.Parse(text); !errors.Is(err, token.ErrInvalid) || text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestKeyOpensWhatItWraps(t *testing.T) {
	identity := plugin.EncodeIdentity("mfad", []byte{1, 0, 0, 0, 1})
	fileKey := []byte("0123456789abcdef")
	key := token.KeyBy(t.Context(), helper(t, "wraps"), identity, 0, nil)
	stanzas, err := key.Wrap(fileKey)
	want := []*age.Stanza{{Type: "test", Args: []string{identity}, Body: fileKey}}
	if diff := cmp.Diff(want, stanzas); err != nil || diff != "" {
		t.Fatalf("%v\n%s", err, diff)
	}
	if got, err := key.Unwrap(stanzas); err != nil || string(got) != string(fileKey) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
	if _, err := key.Unwrap(nil); !errors.Is(err, age.ErrIncorrectIdentity) || !errors.Is(err, token.ErrInvalid) {
		t.Errorf("without stanzas: %v", err)
	}
}
