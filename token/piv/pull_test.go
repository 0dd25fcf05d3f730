//go:build cgo && linux

package piv

import (
	"crypto/ecdh"
	"errors"
	"strings"
	"testing"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/tokentest"
)

// typed are the errors that a fault may end in.
var typedErrors = []error{
	token.ErrNoService, token.ErrNotPresent, token.ErrRemoved, token.ErrBusy, token.ErrPIN, token.ErrPINBlocked,
	token.ErrPINGuard, token.ErrTouch, token.ErrManagementKey, token.ErrNoCredential, token.ErrFull,
	token.ErrUnsupported, token.ErrInvalid, human.ErrDismissed,
}

func isTyped(err error) bool {
	for _, typed := range typedErrors {
		if errors.Is(err, typed) {
			return true
		}
	}
	return false
}

// pulls are the ways of pulling a token out at a command.
var pulls = map[string]tokentest.Action{
	"before": tokentest.PullOut, "unanswered": tokentest.PullOutUnanswered, "after": tokentest.PullOutAnswered,
}

// pullAtEach does work again and again, and pulls the token out at the first
// command, the second, and so on until the work outruns the pull. Before is
// called before each round.
func pullAtEach(t *testing.T, how tokentest.Action, d *rig, before func(), work func() error) {
	for at := 0; ; at++ {
		before()
		reached := make(chan struct{})
		d.Fault(func(n int, _ []byte) ([]byte, tokentest.Action) {
			if n != at {
				return nil, tokentest.Proceed
			}
			close(reached)
			return nil, how
		})
		err := work()
		d.Fault(nil)
		select {
		case <-reached:
		default:
			if err != nil || at < 5 {
				t.Errorf("undisturbed, %d commands: %v", at, err)
			}
			return
		}
		if err != nil && !errors.Is(err, token.ErrRemoved) && !errors.Is(err, token.ErrNotPresent) {
			t.Errorf("pulled out at command %d: %v", at, err)
		}
		d.insert()
		if err := work(); err != nil {
			t.Fatalf("after a pull at command %d: %v", at, err)
		}
		d.checkGuard()
		if left := d.PINRetries(); left <= 1 {
			t.Fatalf("after a pull at command %d: %d tries left", at, left)
		}
	}
}

func TestPulledOutAtEachCommandOfUnwrap(t *testing.T) {
	t.Parallel()
	for name, how := range pulls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newRig(t, tokentest.YubiKeyOptions{})
			i, _ := d.make(token.KeyParams{})
			pullAtEach(t, how, d, func() {}, func() error { return d.unwrapApart(i) })
		})
	}
}

// No key that was made may be lost sight of: after a pull the slot is passed
// over, and the text of the error names it.
func TestPulledOutAtEachCommandOfNewKey(t *testing.T) {
	t.Parallel()
	for name, how := range pulls {
		if how == tokentest.PullOutAnswered { // as before the next
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newRig(t, tokentest.YubiKeyOptions{})
			seen := map[byte]any{}
			newToken := func() {
				if len(seen) < 16 { // the slots do not suffice for all
					return
				}
				d.replace(tokentest.YubiKeyOptions{})
				clear(seen)
			}
			pullAtEach(t, how, d, newToken, func() error {
				_, err := d.apart(job{NewKey: token.KeyParams{Touch: "never"}})
				d.checkSlots(seen, err)
				return err
			})
		})
	}
}

// checkSlots compares the retired slots with what was seen in them before an
// operation, whose error must name the slot of a key that it made.
func (d *rig) checkSlots(seen map[byte]any, err error) {
	d.t.Helper()
	for slot := byte(firstRetired); slot <= lastRetired; slot++ {
		now := d.Key(slot)
		if old, ok := seen[slot].(*ecdh.PrivateKey); ok && !old.Equal(now) {
			d.t.Errorf("the key in slot %02x was overwritten", slot)
		}
		if now != nil && seen[slot] == nil && err != nil && !strings.Contains(err.Error(), "slot "+slotName(slot)) {
			d.t.Errorf("slot %02x holds a new key, and the error says: %v", slot, err)
		}
		if now != nil {
			seen[slot] = now
		}
	}
}
