package token

import (
	"fmt"

	"github.com/mfad/mfad/internal/errcode"
)

// What a caller may branch on. Every error of an operation wraps one of these,
// or of the person's refusal, such as human.ErrDismissed, or of the context.
var (
	// ErrNoHelper: mfad-token is not installed, or a library that it needs; the
	// text names the package.
	ErrNoHelper = errcode.New(errcode.TokenProgram, "mfad-token cannot be run")
	// ErrHelper: mfad-token crashed, hung or answered nonsense.
	ErrHelper = errcode.New(errcode.TokenFailed, "mfad-token failed")
	// ErrNoService: there is no PC/SC service (pcscd); the text names the package.
	ErrNoService = errcode.New(errcode.TokenService, "no smart card service")
	// ErrNotPresent: the token that is meant is not plugged in.
	ErrNotPresent = errcode.New(errcode.NoToken, "token is not plugged in")
	// ErrAmbiguous: several tokens could be meant.
	ErrAmbiguous = errcode.New(errcode.TokenAmbiguous, "several tokens are plugged in")
	// ErrRemoved: the token was pulled out, or reset, in the middle.
	ErrRemoved = errcode.New(errcode.TokenRemoved, "token was removed")
	// ErrBusy: another program holds the token; the text names the likely one.
	ErrBusy = errcode.New(errcode.TokenBusy, "token is in use by another program")
	// ErrPIN: the PIN was wrong; see PINError.
	ErrPIN = errcode.New(errcode.WrongPIN, "wrong PIN")
	// ErrPINBlocked: no tries are left, or the token wants to be plugged in again first.
	ErrPINBlocked = errcode.New(errcode.PINBlocked, "PIN is blocked")
	// ErrPUKBlocked: no tries are left for the PIN, nor for what unblocks it.
	ErrPUKBlocked = errcode.New(errcode.PUKBlocked, "PIN and PUK are blocked")
	// ErrPINGuard: so few tries are left that none was made.
	ErrPINGuard = errcode.New(errcode.PINGuard, "too few PIN tries are left")
	// ErrNoPIN: the token has no PIN, and what was asked for needs one.
	ErrNoPIN = errcode.New(errcode.NoPIN, "token has no PIN")
	// ErrTouch: the touch that the token waits for did not come.
	ErrTouch = errcode.New(errcode.NoTouch, "token was not touched in time")
	// ErrAccessCode: the access code of the OATH applet is not known, or wrong.
	ErrAccessCode = errcode.New(errcode.AccessCode, "wrong OATH access code")
	// ErrManagementKey: the PIV management key is another.
	ErrManagementKey = errcode.New(errcode.ManagementKey, "wrong PIV management key")
	// ErrExists: the token holds a credential of that name.
	ErrExists = errcode.New(errcode.TokenExists, "token holds a credential of that name")
	// ErrNoCredential: the token does not hold that credential or key.
	ErrNoCredential = errcode.New(errcode.NotOnToken, "not on the token")
	// ErrFull: the token has no room for another.
	ErrFull = errcode.New(errcode.TokenFull, "token is full")
	// ErrSlotUnseen: a new key could overwrite one that the token does not show, and
	// nobody has said that it may.
	ErrSlotUnseen = errcode.New(errcode.SlotUnseen, "token does not tell whether a slot is free")
	// ErrUnsupported: the token, or this machine, cannot do that.
	ErrUnsupported = errcode.New(errcode.TokenUnsupported, "not supported")
	// ErrInvalid: a parameter that cannot be right; or what was to be opened is
	// not for a token.
	ErrInvalid = errcode.New(errcode.BadRequest, "not fit for a token")
)

// PINError is a wrong PIN. It is ErrPIN.
type PINError struct {
	Retries int // tries left, or Unknown
}

func (e *PINError) Error() string {
	if e.Retries == Unknown {
		return ErrPIN.Error()
	}
	return fmt.Sprintf("%v: %d %s left", ErrPIN, e.Retries, plural(e.Retries, "try", "tries"))
}

// Unwrap makes it ErrPIN.
func (e *PINError) Unwrap() error { return ErrPIN }

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
