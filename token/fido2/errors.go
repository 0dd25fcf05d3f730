//go:build cgo && (linux || darwin)

package fido2

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	libfido2 "github.com/keys-pub/go-libfido2"
	"golang.org/x/sys/unix"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
)

// Codes for which go-libfido2 has no error (CTAP 2.1, 8.2).
const (
	codeTimeout              = 0x05
	codeUnsupportedExtension = 0x16
	codeUnsupportedAlgorithm = 0x26
	codeStoreFull            = 0x28
	codeNoOperationPending   = 0x2a
	codeUserActionTimeout    = 0x2f
	codePINBlocked           = 0x32
	codePINAuthInvalid       = 0x33
	codeUVBlocked            = 0x3c
)

// meanings says what an error of libfido2 is to a caller, and to a person.
var meanings = []struct {
	err  error
	is   error
	text string
}{
	{libfido2.ErrPinInvalid, token.ErrPIN, ""},
	{libfido2.ErrPinAuthBlocked, token.ErrPINBlocked, "three wrong PINs in a row; pull the key out and plug it in again"},
	{libfido2.Error{Code: codePINBlocked}, token.ErrPINBlocked, "no tries are left; " + blocked},
	{libfido2.Error{Code: codeUVBlocked}, token.ErrPINBlocked, "the key wants its PIN"},
	{libfido2.Error{Code: codePINAuthInvalid}, token.ErrRemoved, "the key has forgotten that the PIN was given; try again"},
	{libfido2.ErrPinNotSet, token.ErrNoPIN, "set one with fido2-token -S"},
	{libfido2.ErrPinRequired, token.ErrUnsupported, "the key wants its PIN each time, and this credential was made to do without"},
	{libfido2.ErrPinPolicyViolation, token.ErrUnsupported, "the key wants its PIN to be changed first, with fido2-token -C"},
	{libfido2.ErrNoCredentials, token.ErrNoCredential, ""},
	{libfido2.ErrInvalidCredential, token.ErrNoCredential, ""},
	{libfido2.ErrActionTimeout, token.ErrTouch, ""},
	{libfido2.ErrKeepaliveCancel, token.ErrTouch, ""},
	{libfido2.ErrUserPresenceRequired, token.ErrTouch, ""},
	{libfido2.ErrUPRequired, token.ErrTouch, ""},
	{libfido2.Error{Code: codeUserActionTimeout}, token.ErrTouch, ""},
	{libfido2.Error{Code: codeNoOperationPending}, token.ErrTouch, ""},
	{libfido2.Error{Code: codeTimeout}, token.ErrTouch, ""},
	{libfido2.ErrOperationDenied, human.ErrDismissed, "on the key"},
	{libfido2.ErrTX, token.ErrRemoved, ""},
	{libfido2.ErrRX, token.ErrRemoved, ""},
	{libfido2.ErrRXNotCBOR, token.ErrRemoved, "its answer makes no sense"},
	{libfido2.ErrRXInvalidCBOR, token.ErrRemoved, "its answer makes no sense"},
	{libfido2.Error{Code: codeStoreFull}, token.ErrFull, ""},
	{libfido2.Error{Code: codeUnsupportedExtension}, token.ErrUnsupported, "the key has no hmac-secret"},
	{libfido2.Error{Code: codeUnsupportedAlgorithm}, token.ErrUnsupported, "the key has no ES256"},
	{libfido2.ErrNotFIDO2, token.ErrUnsupported, "the key is older than FIDO2"},
}

// classify makes an error of libfido2 one of the token's. Whatever it says, a
// device whose node is gone was pulled out: opening one that goes away in the
// middle ends as an old U2F key that can do nothing.
func classify(path string, err error) error {
	if err == nil {
		return nil
	}
	if _, gone := os.Stat(path); errors.Is(gone, fs.ErrNotExist) {
		return token.ErrRemoved
	}
	if errors.Is(unix.Access(path, unix.R_OK|unix.W_OK), fs.ErrPermission) {
		return fmt.Errorf("this user may not open %s: %w", path, token.ErrUnsupported)
	}
	for _, m := range meanings {
		if !errors.Is(err, m.err) {
			continue
		}
		if m.text == "" {
			return m.is
		}
		return fmt.Errorf("%s: %w", m.text, m.is)
	}
	return fmt.Errorf("%v: %w", err, token.ErrUnsupported)
}
