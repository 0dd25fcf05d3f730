//go:build cgo && (linux || darwin)

package piv

import (
	"errors"
	"fmt"
	"strings"

	pivgo "github.com/go-piv/piv-go/v2/piv"

	"github.com/mfad/mfad/token"
)

// ISO 7816-4, 5.1.3.
const (
	statusDenied  = 0x6982 // security status not satisfied
	statusBlocked = 0x6983
	statusWrong   = 0x6300 // 63Cx: x tries are left

	statusNoInstruction  = 0x6d00
	statusNoSpace        = 0x6a84
	statusNoParameter    = 0x6a86
	statusNoReference    = 0x6a88
	statusWrongParameter = 0x6b00
)

// errNoApplet: the token has no PIV applet.
var errNoApplet = fmt.Errorf("%w: the token has no PIV applet", token.ErrUnsupported)

// status is what the token answered instead of success; false when the error
// is not an answer.
func status(err error) (uint16, bool) {
	var answer interface{ Status() uint16 }
	if !errors.As(err, &answer) {
		return 0, false
	}
	return answer.Status(), true
}

// fault gives an error of piv-go its sentinel. piv-go exports no errors of
// PC/SC: the text is all there is to tell them by.
func fault(err error) error {
	if err == nil {
		return nil
	}
	if _, answered := status(err); answered {
		return fmt.Errorf("%w: %v", token.ErrUnsupported, err)
	}
	is := token.ErrUnsupported // an answer that nobody understands
	switch text := err.Error(); {
	case strings.Contains(text, "other connections outstanding"):
		is = token.ErrBusy
	case strings.Contains(text, "resource manager is not running"), strings.Contains(text, "resource manager has shut down"):
		is = token.ErrNoService
	case strings.Contains(text, "protocols are incompatible"): // piv-go speaks T=1 alone
	case strings.HasPrefix(text, "connecting to "), strings.HasPrefix(text, "beginning smart card"),
		strings.Contains(text, "transmitting request"), strings.Contains(text, "response too short: 0"):
		is = token.ErrRemoved
	}
	return fmt.Errorf("%w: %v", is, err)
}

// gone is the fault of an error after which the token answers no more; nil of
// others, which say something about what was asked for.
func gone(err error) error {
	if err == nil {
		return nil
	}
	if f := fault(err); !errors.Is(f, token.ErrUnsupported) {
		return f
	}
	return nil
}

// pinFault is [fault] for an error of VERIFY.
func pinFault(err error) error {
	sw, answered := status(err)
	switch {
	case !answered:
		return fault(err)
	case sw == statusBlocked, sw == statusWrong|0xc0:
		return errBlocked
	case sw == statusWrong: // an old firmware that does not count
		return &token.PINError{Retries: token.Unknown}
	case sw&0xff00 == statusWrong:
		return &token.PINError{Retries: int(sw & 0xf)}
	}
	return fault(err)
}

// touchFault is [fault] for an error of a key that may want a touch: a YubiKey
// that is not touched answers that its conditions are not met.
func touchFault(err error, touch pivgo.TouchPolicy) error {
	var auth pivgo.AuthErr
	switch sw, _ := status(err); {
	case sw == statusDenied && touch != pivgo.TouchPolicyNever:
		return token.ErrTouch
	case errors.As(err, &auth): // a finger that is not known
		return pinFault(err)
	}
	return fault(err)
}
