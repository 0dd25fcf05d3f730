package token

import (
	"errors"
	"fmt"
)

// What a caller may branch on. Every error of an operation wraps one of these,
// of the person's refusal, or of the context.
var (
	// ErrNoHelper: mfad-token is not installed, or a library that it needs; the
	// text names the package.
	ErrNoHelper = errors.New("mfad-token cannot be run")
	// ErrHelper: mfad-token crashed, hung or answered nonsense.
	ErrHelper = errors.New("mfad-token failed")
	// ErrNoService: there is no PC/SC service (pcscd); the text names the package.
	ErrNoService = errors.New("no smart card service")
	// ErrNotPresent: the token that is meant is not plugged in.
	ErrNotPresent = errors.New("token is not plugged in")
	// ErrAmbiguous: several tokens could be meant.
	ErrAmbiguous = errors.New("several tokens are plugged in")
	// ErrRemoved: the token was pulled out, or reset, in the middle.
	ErrRemoved = errors.New("token was removed")
	// ErrBusy: another program holds the token; the text names the likely one.
	ErrBusy = errors.New("token is in use by another program")
	// ErrPIN: the PIN was wrong; see PINError.
	ErrPIN = errors.New("wrong PIN")
	// ErrPINBlocked: no tries are left, or the token wants to be plugged in again first.
	ErrPINBlocked = errors.New("PIN is blocked")
	// ErrPINGuard: so few tries are left that none was made.
	ErrPINGuard = errors.New("too few PIN tries are left")
	// ErrNoPIN: the token has no PIN, and what was asked for needs one.
	ErrNoPIN = errors.New("token has no PIN")
	// ErrTouch: the touch that the token waits for did not come.
	ErrTouch = errors.New("token was not touched in time")
	// ErrAccessCode: the access code of the OATH applet is not known, or wrong.
	ErrAccessCode = errors.New("wrong OATH access code")
	// ErrManagementKey: the PIV management key is another.
	ErrManagementKey = errors.New("wrong PIV management key")
	// ErrExists: the token holds a credential of that name.
	ErrExists = errors.New("token holds a credential of that name")
	// ErrNoCredential: the token does not hold that credential or key.
	ErrNoCredential = errors.New("not on the token")
	// ErrFull: the token has no room for another.
	ErrFull = errors.New("token is full")
	// ErrUnsupported: the token, or this machine, cannot do that.
	ErrUnsupported = errors.New("not supported")
	// ErrInvalid: a parameter that cannot be right; or what was to be opened is
	// not for a token.
	ErrInvalid = errors.New("not fit for a token")
	// ErrDismissed: the person said no.
	ErrDismissed = errors.New("dismissed")
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

// Is makes it ErrPIN.
func (e *PINError) Is(target error) bool { return target == ErrPIN }

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
