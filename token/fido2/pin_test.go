//go:build cgo && linux

package fido2

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/tokentest/ctap"
)

func TestThreeWrongPINsInARowWantAReplug(t *testing.T) {
	k := newKey(t, ctap.Options{PIN: pin})
	i := enrol(t, k, true)
	stanzas := wrapFor(t, i)
	p := typing(t, "000001", "000002", "000003", "000004")
	_, _, err := Keys{devices(t, k), p}.Unwrap(t.Context(), i, stanzas)
	if !errors.Is(err, token.ErrPINBlocked) || !strings.Contains(err.Error(), "plug it in again") {
		t.Errorf("%v, want token.ErrPINBlocked with words", err)
	}
	if k.PINRetries() != 5 || len(p.Secrets) != 3 {
		t.Errorf("%d tries left, %d questions", k.PINRetries(), len(p.Secrets))
	}
	if _, _, err = (Keys{devices(t, k), typing(t, pin)}).Unwrap(t.Context(), i, stanzas); !errors.Is(err, token.ErrPINBlocked) ||
		k.PINRetries() != 5 {
		t.Errorf("not replugged: %v, %d tries left", err, k.PINRetries())
	}
	if err := k.Replug(); err != nil {
		t.Fatal(err)
	}
	if _, _, err = (Keys{devices(t, k), typing(t, pin)}).Unwrap(t.Context(), i, stanzas); err != nil || k.PINRetries() != 8 {
		t.Errorf("replugged: %v, %d tries left", err, k.PINRetries())
	}
}

func TestGuardKeepsTheLastTries(t *testing.T) {
	for _, c := range []struct {
		left      int
		yes       bool
		pins      []string
		want      error
		after     int
		questions int
		lastTries int
	}{
		{left: 0, pins: []string{pin}, want: token.ErrPINBlocked, after: 0},
		{left: 1, pins: []string{pin}, want: token.ErrPINGuard, after: 1, lastTries: 1},
		{left: 2, pins: []string{pin}, want: token.ErrPINGuard, after: 2, lastTries: 1},
		{left: 3, pins: []string{"000000", pin}, want: token.ErrPIN, after: 2, questions: 1},
		{left: 4, pins: []string{"000000", "000000", pin}, want: token.ErrPIN, after: 2, questions: 2},
		{left: 3, pins: []string{pin}, after: 8, questions: 1},
		{left: 2, yes: true, pins: []string{pin}, after: 8, questions: 1, lastTries: 1},
		{left: 2, yes: true, pins: []string{"000000", pin}, want: token.ErrPIN, after: 1, questions: 1, lastTries: 1},
		{left: 1, yes: true, pins: []string{"000000", pin}, want: token.ErrPINBlocked, after: 0, questions: 1, lastTries: 1},
	} {
		t.Run(fmt.Sprintf("%d left, %v, %d PINs", c.left, c.yes, len(c.pins)), func(t *testing.T) {
			k := newKey(t, ctap.Options{PIN: pin})
			i := enrol(t, k, true)
			k.SetPINRetries(c.left)
			p := typing(t, c.pins...)
			p.Yes = c.yes
			_, _, err := Keys{devices(t, k), p}.Unwrap(t.Context(), i, wrapFor(t, i))
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if k.PINRetries() != c.after || len(p.Secrets) != c.questions || len(p.Confirms) != c.lastTries {
				t.Errorf("%d left, %d questions, %d last tries; want %+v", k.PINRetries(), len(p.Secrets), len(p.Confirms), c)
			}
		})
	}
}

// Another program spends tries while the person types.
func TestCounterIsReadAgainAfterTheQuestion(t *testing.T) {
	k := newKey(t, ctap.Options{PIN: pin})
	i := enrol(t, k, true)
	p := typing(t, "000000")
	p.OnAsk = func(human.Question) { k.SetPINRetries(2) }
	_, _, err := Keys{devices(t, k), p}.Unwrap(t.Context(), i, wrapFor(t, i))
	if !errors.Is(err, token.ErrPINGuard) || k.PINRetries() != 2 {
		t.Errorf("%v, %d tries left", err, k.PINRetries())
	}
}

func TestNewKeyKeepsTheGuard(t *testing.T) {
	k := newKey(t, ctap.Options{PIN: pin})
	k.SetPINRetries(3)
	_, err := NewKey(t.Context(), devices(t, k)[0], token.KeyParams{}, typing(t, "000000", pin))
	if want := (&token.PINError{}); !errors.As(err, &want) || want.Retries != 2 || k.PINRetries() != 2 {
		t.Errorf("%v, %d tries left", err, k.PINRetries())
	}
}

// chaos loses, garbles and cuts frames, and pulls the key out, at random.
func chaos(r *rand.Rand, rate float64) func(ctap.Frame) ctap.Fault {
	return func(f ctap.Frame) ctap.Fault {
		if r.Float64() > rate {
			return ctap.Fault{}
		}
		packet := make([]byte, 64)
		for n := range packet {
			packet[n] = byte(r.Uint32())
		}
		switch r.IntN(4) {
		case 0:
			return ctap.Fault{Act: ctap.Pull}
		case 1:
			return ctap.Fault{Act: ctap.Drop}
		case 2:
			copy(packet, f.Packet[:5]) // of the right channel and command
			return ctap.Fault{Act: ctap.Replace, Packet: packet}
		default:
			if f.ToHost {
				packet = packet[:r.IntN(64)]
			}
			return ctap.Fault{Act: ctap.Replace, Packet: packet}
		}
	}
}

// Whatever goes wrong, and whoever types what: with the person's no the counter
// never falls below the guard.
func TestGuardHoldsOverRandomFaults(t *testing.T) {
	limits(t, touchLimit, answerLimit, 20*time.Millisecond)
	opened := 0
	for seed := range uint64(16) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			k, err := ctap.New(ctap.Options{PIN: pin, Protocols: [][]uint64{{1}, {2}}[seed%2]})
			if err != nil {
				t.Fatal(err)
			}
			defer k.Close()
			opened += randomTrace(t, k, rand.New(rand.NewPCG(seed, 1)))
		})
	}
	if opened == 0 {
		t.Error("nothing was ever opened: too many faults to tell")
	}
}

// randomTrace unwraps again and again while things go wrong, and returns how
// often it succeeded.
func randomTrace(t *testing.T, k *ctap.Key, r *rand.Rand) (opened int) {
	i := enrol(t, k, true)
	stanzas := wrapFor(t, i)
	for step := range 25 {
		if err := k.Replug(); err != nil {
			t.Fatal(err)
		}
		if r.IntN(2) == 0 {
			k.SetPINRetries(guard + r.IntN(7))
		}
		pins := make([]string, 4)
		for n := range pins {
			pins[n] = []string{pin, pin, "000000", "99"}[r.IntN(4)]
		}
		list := []token.Token{{Model: nameless, Place: k.Path(), FIDO2: &token.FIDO2{HMACSecret: true, PINSet: true}}}
		ctx, cancel := context.WithCancel(t.Context())
		k.Fault(locked(ending(cancel, chaos(r, 0.03))))
		_, _, err := Keys{list, typing(t, pins...)}.Unwrap(ctx, i, stanzas)
		cancel()
		k.Unplug() // ends what was left alone
		k.Fault(nil)
		if err == nil {
			opened++
		} else {
			typed(t, err)
		}
		if got := k.PINRetries(); got < guard {
			t.Fatalf("step %d: %d tries left after %v", step, got, err)
		}
	}
	return opened
}
