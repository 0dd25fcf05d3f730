//go:build cgo && linux

package fido2

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	libfido2 "github.com/keys-pub/go-libfido2"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/tokentest/ctap"
)

func TestErrorsOfLibfido2AreTheTokens(t *testing.T) {
	for _, c := range []struct{ err, want error }{
		{libfido2.ErrPinInvalid, token.ErrPIN},
		{libfido2.ErrPinAuthBlocked, token.ErrPINBlocked},
		{libfido2.Error{Code: 0x32}, token.ErrPINBlocked},
		{libfido2.ErrPinNotSet, token.ErrNoPIN},
		{libfido2.ErrPinRequired, token.ErrUnsupported},
		{libfido2.ErrNoCredentials, token.ErrNoCredential},
		{libfido2.ErrActionTimeout, token.ErrTouch},
		{libfido2.Error{Code: 0x2f}, token.ErrTouch},
		{libfido2.Error{Code: 0x2a}, token.ErrTouch},
		{libfido2.ErrOperationDenied, human.ErrDismissed},
		{libfido2.ErrTX, token.ErrRemoved},
		{libfido2.ErrRX, token.ErrRemoved},
		{libfido2.Error{Code: 0x28}, token.ErrFull},
		{libfido2.Error{Code: 0x99}, token.ErrUnsupported},
		{errors.New("anything"), token.ErrUnsupported},
	} {
		got := classify("/dev/null", fmt.Errorf("failed to get assertion: %w", c.err))
		if !errors.Is(got, c.want) {
			t.Errorf("%v is %v, want %v", c.err, got, c.want)
		}
		typed(t, got)
		if gone := classify(filepath.Join(t.TempDir(), "gone"), c.err); !errors.Is(gone, token.ErrRemoved) {
			t.Errorf("%v of a device that is gone is %v", c.err, gone)
		}
	}
	if err := classify("/nowhere", nil); err != nil {
		t.Error(err)
	}
}

// The key got a PIN after it was listed.
func TestKeyThatWantsAPINSaysSo(t *testing.T) {
	k := newKey(t, ctap.Options{PIN: pin})
	d := devices(t, k)[0]
	d.FIDO2.PINSet = false
	if _, err := NewKey(t.Context(), d, token.KeyParams{}, nobody(t)); !errors.Is(err, token.ErrUnsupported) || k.Touches() != 0 {
		t.Errorf("%v, %d touches", err, k.Touches())
	}
}

func TestModelNamesMakerAndProduct(t *testing.T) {
	for want, l := range map[string]libfido2.DeviceLocation{
		nameless:               {},
		"Yubico YubiKey FIDO":  {Manufacturer: "Yubico", Product: "YubiKey FIDO"},
		"Nitrokey 3":           {Manufacturer: "Nitrokey", Product: "Nitrokey 3"},
		"SoloKeys":             {Manufacturer: "SoloKeys "},
		"Feitian ePass FIDO-A": {Product: "Feitian ePass FIDO-A"},
	} {
		if got := model(&l); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
