//go:build cgo && (linux || darwin)

package fido2

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/mfad/mfad/internal/pinguard"
	"github.com/mfad/mfad/token"
)

const (
	// guard is the number of tries that are kept.
	guard = pinguard.FIDO2
	// maxOdd is how often the person may answer with what cannot be a PIN.
	maxOdd = 3

	minPIN = 4  // characters
	maxPIN = 63 // bytes
)

// blocked is what is left when no tries are.
const blocked = "only a reset of the key helps, which makes it forget its credentials"

// pinned runs op with a PIN that the person gives, again with another while the
// PIN is wrong and the tries stay above the guard. op makes one try.
func pinned[T any](ctx context.Context, k key, op func(pin []byte) (T, error)) (T, error) {
	var none T
	g := prompt{key: k}
	for {
		pin, err := g.pin(ctx)
		if err != nil {
			return none, err
		}
		v, err := op(pin)
		clear(pin)
		if !errors.Is(err, token.ErrPIN) {
			return v, err
		}
		left, err := retries(ctx, k.Place)
		if err != nil {
			return none, fmt.Errorf("%w; %w", &token.PINError{Retries: token.Unknown}, err)
		}
		if left <= guard {
			return none, &token.PINError{Retries: left}
		}
		g.again = "wrong PIN"
	}
}

// prompt asks for the PIN of one key.
type prompt struct {
	key
	again  string
	odd    int
	agreed int // the number of tries left down to which the person said yes; 0: none
}

// pin returns what may be tried now. The device is not held while the person
// thinks, so the counter is read before and after.
func (g *prompt) pin(ctx context.Context) ([]byte, error) {
	for {
		left, err := g.allowed(ctx)
		if err != nil {
			return nil, err
		}
		pin, err := token.AskSecret(ctx, g.person, g.question(left))
		if err != nil {
			return nil, fmt.Errorf("asking for the PIN of %v: %w", g.key, err)
		}
		if !possible(pin) {
			clear(pin)
			if g.odd++; g.odd == maxOdd {
				return nil, fmt.Errorf("a FIDO2 PIN has %d to %d characters: %w", minPIN, maxPIN, &token.PINError{Retries: left})
			}
			g.again = fmt.Sprintf("a FIDO2 PIN has %d to %d characters", minPIN, maxPIN)
			continue
		}
		if _, err := g.allowed(ctx); err != nil {
			clear(pin)
			return nil, err
		}
		return pin, nil
	}
}

func (g *prompt) question(left int) token.Want {
	return token.Want{What: token.FIDO2PIN, Token: g.Token, Retries: left, Again: g.again}
}

// allowed reads the counter and says whether a try may be made, asking the
// person once for each number of tries that the guard would keep.
func (g *prompt) allowed(ctx context.Context) (left int, err error) {
	left, err = retries(ctx, g.Place)
	switch {
	case err != nil:
		return left, err
	case left <= 0:
		return left, fmt.Errorf("no tries are left on %v; %s: %w", g.key, blocked, token.ErrPINBlocked)
	case left > guard || left == g.agreed:
		return left, nil
	}
	yes, err := token.AskLastTry(ctx, g.person, g.question(left))
	if err != nil {
		return left, fmt.Errorf("asking whether to try a PIN on %v: %w", g.key, err)
	}
	if !yes {
		return left, fmt.Errorf("%d left on %v, none was made: %w", left, g.key, token.ErrPINGuard)
	}
	g.agreed = left
	return left, nil
}

// possible says whether it can be a PIN: an empty one would ask for the secret
// of who gave none, and C ends at a zero byte.
func possible(pin []byte) bool {
	return utf8.RuneCount(pin) >= minPIN && len(pin) <= maxPIN && bytes.IndexByte(pin, 0) < 0
}
