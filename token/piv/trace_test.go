//go:build cgo && linux

package piv

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/tokentest"
)

// TestGuardHoldsOnRandomFaultTraces has tokens answer nonsense, lose answers
// and come out, and persons type wrong PINs and say yes to last tries, by the
// dice; the guard is then proved on what the tokens saw. Each trace is made
// again by its seed.
func TestGuardHoldsOnRandomFaultTraces(t *testing.T) {
	const traces, lanes = 300, 5
	var rigs [lanes]*rig
	var keys [lanes]Identity
	for lane := range lanes {
		d := newRig(t, tokentest.YubiKeyOptions{Serial: uint32(2001 + lane)})
		keys[lane], _ = d.make(token.KeyParams{Touch: "never"})
		protectManagementKey(d)
		rigs[lane] = d
	}
	t.Parallel() // not before: ykman wants to be alone
	for lane, d := range rigs {
		t.Run(fmt.Sprintf("lane %d", lane), func(t *testing.T) {
			t.Parallel()
			d.t = t
			for seed := lane; seed < traces; seed += lanes {
				d.trace(uint64(seed), keys[lane])
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}

// trace does one operation under a random fault or two.
func (d *rig) trace(seed uint64, i Identity) {
	dice := rand.New(rand.NewPCG(seed, 0x6d666164))
	d.SetPINRetries(dice.IntN(4))
	d.person.dice(dice)
	out := d.disturb(dice)
	var err error
	if dice.IntN(4) > 0 {
		err = d.unwrapApart(i)
	} else {
		// The management key under the PIN is asked for first.
		_, err = d.apart(job{NewKey: token.KeyParams{Touch: "never"}})
	}
	d.Fault(nil)
	if err != nil && !isTyped(err) {
		d.t.Errorf("untyped: %v", err)
	}
	d.checkGuard()
	select {
	case <-out:
		d.insert()
	default:
	}
}

// dice makes the person fallible.
func (p *person) dice(dice *rand.Rand) {
	wrong := dice.IntN(3)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left, p.Yes, p.management = -1, dice.IntN(2) == 0, "00"
	typed := p.typed
	p.pins = func(n int) string {
		if n-typed < wrong {
			return fmt.Sprintf("%06d", 900000+n)
		}
		return rightPIN
	}
}

// disturb sets up to two faults; the channel is closed when the token is out.
func (d *rig) disturb(dice *rand.Rand) <-chan struct{} {
	out := make(chan struct{})
	at := map[int]int{dice.IntN(24): dice.IntN(10), dice.IntN(24): dice.IntN(10)}
	odd := make([]byte, dice.IntN(40))
	for n := range odd {
		odd[n] = byte(dice.Uint32())
	}
	status := [][]byte{
		{0x90, 0}, {0x63, 0}, {0x63, 0xc0 | byte(dice.IntN(4))}, {0x69, 0x82}, {0x69, 0x83}, {0x6a, 0x82}, {0x6a, 0x80}, {0x61, 0}, {0x6d, 0},
	}[dice.IntN(9)]
	d.Fault(func(n int, apdu []byte) ([]byte, tokentest.Action) {
		kind, disturbed := at[n]
		if !disturbed {
			return nil, tokentest.Proceed
		}
		switch kind {
		case 0:
			close(out)
			return nil, tokentest.PullOut
		case 1:
			close(out)
			return nil, tokentest.PullOutUnanswered
		case 2, 3:
			return append(bytes.Clone(odd), 0x90, 0), tokentest.Answer
		case 4:
			return odd, tokentest.Answer
		}
		return status, tokentest.Answer
	})
	return out
}

// protectManagementKey has NewKey ask for a PIN.
func protectManagementKey(d *rig) {
	d.t.Helper()
	d.ykman("access", "change-management-key", "-m", factoryManagement, "-P", rightPIN, "--generate", "--protect")
}
