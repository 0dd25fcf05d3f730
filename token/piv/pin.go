//go:build cgo && (linux || darwin)

package piv

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mfad/mfad/internal/pinguard"
	"github.com/mfad/mfad/token"
)

// guard is how many tries must be left so that the PIN is tried unasked: a
// wrong one at the last try blocks the token.
const guard = pinguard.PIV

// NIST SP 800-73-4 part 2, 2.4.3.
const minPIN, maxPIN = 6, 8

var errBlocked = fmt.Errorf("%w: unblock it with the PUK, such as by `ykman piv access unblock-pin`", token.ErrPINBlocked)

// fewerError: tries were lost since the person was asked.
type fewerError struct{ left int }

func (e *fewerError) Error() string { return "the number of tries left has changed" }

// withPIN asks for the PIN and has use hold the token; use verifies the PIN
// with the first thing that it does. The token is not held while the person is
// asked. left are the tries that the token told.
//
// This is the guard: at few tries left nothing is tried unless the person says
// so to that very number, which is read again before the try; each PIN that is
// typed is tried once at most; and after a fault nothing is tried again.
func (o *operation) withPIN(ctx context.Context, left int, use func(c *card, pin []byte) error) error {
	for again := ""; ; {
		q := token.Want{What: token.PIVPIN, Token: o.token, Retries: left, Again: again}
		if err := o.mayTry(ctx, q); err != nil {
			return err
		}
		pin, err := o.ask(ctx, q)
		if err != nil {
			return err
		}
		err = o.hold(ctx, pin, func(c *card) error {
			if err := c.stillMayTry(ctx, left); err != nil {
				return err
			}
			return use(c, pin)
		})
		var fewer *fewerError
		var wrong *token.PINError
		switch {
		case errors.As(err, &fewer):
			left, again = fewer.left, ""
		case errors.As(err, &wrong) && wrong.Retries > guard:
			left, again = wrong.Retries, token.ErrPIN.Error()
		default:
			return err
		}
	}
}

// mayTry asks the person whether the last tries may be used.
func (o *operation) mayTry(ctx context.Context, q token.Want) error {
	switch {
	case q.Retries == 0:
		return errBlocked
	case q.Retries > guard:
		return nil
	}
	yes, err := token.AskLastTry(ctx, o.person, q)
	if err != nil {
		return fmt.Errorf("asking whether to try the PIN: %w", err)
	}
	if !yes {
		return token.ErrPINGuard
	}
	return nil
}

// stillMayTry reads the tries left again, just before one is used; told is
// the number for which the person was asked.
func (c *card) stillMayTry(ctx context.Context, told int) error {
	left, err := c.retries()
	switch {
	case err != nil:
		return err
	case left == 0:
		return errBlocked
	case left <= guard && left != told:
		return &fewerError{left}
	}
	return ctx.Err()
}

// ask asks for a PIN until it could be one; a caller that never gives one is
// not asked for ever.
func (o *operation) ask(ctx context.Context, q token.Want) ([]byte, error) {
	for range 3 {
		pin, err := token.AskSecret(ctx, o.person, q)
		if err != nil {
			return nil, fmt.Errorf("asking for the PIN: %w", err)
		}
		if len(pin) >= minPIN && len(pin) <= maxPIN && !slices.Contains(pin, 0xff) { // the padding
			return pin, nil
		}
		clear(pin)
		q.Again = "a PIV PIN has 6 to 8 characters"
	}
	return nil, fmt.Errorf("%w: %s", token.ErrPIN, "a PIV PIN has 6 to 8 characters")
}

// login verifies the PIN: one try. Piv-go wants a string, and makes copies of
// its own; they end with the process.
func (c *card) login(pin []byte) error {
	c.rights = true
	if err := c.yk.VerifyPIN(string(pin)); err != nil {
		return pinFault(err)
	}
	return nil
}
