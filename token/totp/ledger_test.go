package totp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfad/mfad/internal/durable"
)

const (
	phone = "arn:aws:iam::123456789012:mfa/phone"
	fob   = "GAHT12345678"
)

// clock is a wall clock that can be set, as a person or NTP does.
type clock struct {
	mu  sync.Mutex
	off time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.off)
}

func (c *clock) set(off time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off = off
}

func open(t testing.TB, path string, now func() time.Time) *Ledger {
	t.Helper()
	l, err := OpenLedger(durable.OS, path, Clock{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func ledgerPath(t testing.TB) string { return filepath.Join(t.TempDir(), "state", "ledger.json") }

// take fails the test when there is no step, and returns it with what notice was told.
func take(t *testing.T, l *Ledger, device string) (Step, []time.Duration) {
	t.Helper()
	var told []time.Duration
	step, err := l.Take(t.Context(), device, 30*time.Second, func(wait time.Duration) { told = append(told, wait) })
	if err != nil {
		t.Errorf("taking a step: %v", err)
	}
	return step, told
}

// In a bubble of synctest it is midnight, the start of a step.

func TestTakeReleasesAStepOnce(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		l, start := open(t, path, time.Now), time.Now()
		time.Sleep(10 * time.Second)
		first, told := take(t, l, phone)
		if time.Since(start) != 10*time.Second || told != nil {
			t.Errorf("the first step came after %v with notices %v", time.Since(start), told)
		}
		if !first.At.Equal(start) || !first.Expires.Equal(start.Add(30*time.Second)) {
			t.Errorf("first step from %v to %v", first.At, first.Expires)
		}
		second, told := take(t, l, phone)
		if waited := time.Since(start); waited != 30*time.Second {
			t.Errorf("the second step came at %v", waited)
		}
		if len(told) != 1 || told[0] != 20*time.Second {
			t.Errorf("notices %v, want one of 20 s", told)
		}
		if !second.At.Equal(first.Expires) {
			t.Errorf("second step at %v", second.At)
		}
	})
}

func TestTakeServesWaitersInOrderOnePerStep(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		l, start := open(t, path, time.Now), time.Now()
		const callers = 6
		var got [callers]time.Duration
		var told [callers][]time.Duration
		for i := range callers {
			go func() {
				var step Step
				step, told[i] = take(t, l, phone)
				got[i] = step.At.Sub(start)
				if late := time.Since(start); late != got[i] {
					t.Errorf("caller %d was served at %v", i, late)
				}
			}()
			synctest.Wait() // the caller is in the queue, or served
		}
		time.Sleep(callers * 30 * time.Second)
		synctest.Wait()
		for i := range callers {
			want := time.Duration(i) * 30 * time.Second
			if got[i] != want {
				t.Errorf("caller %d got the step at %v, want %v", i, got[i], want)
			}
			if i > 0 && (len(told[i]) != 1 || told[i][0] != want) {
				t.Errorf("caller %d was told %v, want %v once", i, told[i], want)
			}
		}
	})
}

func TestTakeNeverGivesTwoCallersOneStep(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		l := open(t, path, time.Now)
		var mu sync.Mutex
		taken := map[string]int{}
		var callers sync.WaitGroup
		for i := range 300 {
			device := []string{phone, fob, "third"}[i%3]
			callers.Go(func() {
				step, _ := take(t, l, device)
				mu.Lock()
				defer mu.Unlock()
				taken[fmt.Sprint(device, step.At.Unix())]++
			})
		}
		callers.Wait()
		if len(taken) != 300 {
			t.Errorf("300 callers got %d different steps", len(taken))
		}
	})
}

func TestTakeOfOneDeviceDoesNotHoldUpAnother(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		l, start := open(t, path, time.Now), time.Now()
		take(t, l, phone)
		go take(t, l, phone)
		synctest.Wait()
		if take(t, l, fob); time.Since(start) != 0 {
			t.Errorf("the other device waited %v", time.Since(start))
		}
		time.Sleep(time.Minute)
	})
}

func TestTakeLeavesTheQueueWhenItsContextEnds(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		l, start := open(t, path, time.Now), time.Now()
		take(t, l, phone)
		gone := errors.New("the caller hung up")
		contexts := make([]context.CancelCauseFunc, 3)
		var served [3]time.Duration
		var failed [3]error
		for i := range contexts {
			ctx, cancel := context.WithCancelCause(t.Context())
			contexts[i] = cancel
			go func() {
				var step Step
				step, failed[i] = l.Take(ctx, phone, 30*time.Second, nil)
				served[i] = step.At.Sub(start)
			}()
			synctest.Wait()
		}
		time.Sleep(time.Second)
		contexts[0](gone) // the first in the queue
		contexts[1](gone) // one behind
		synctest.Wait()
		for i := range 2 {
			if !errors.Is(failed[i], gone) {
				t.Errorf("caller %d: %v", i, failed[i])
			}
		}
		time.Sleep(29 * time.Second)
		synctest.Wait()
		if failed[2] != nil || served[2] != 30*time.Second {
			t.Errorf("the last caller: step %v, %v", served[2], failed[2])
		}
		contexts[2](nil)
	})
}

func TestTakeBurnsNothingForACallerThatIsGone(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		l := open(t, path, time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := l.Take(ctx, phone, 30*time.Second, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if wait := l.NextIn(phone, 30*time.Second); wait != 0 {
			t.Errorf("the step was used up: next in %v", wait)
		}
	})
}

func TestReturnedStepServesTheNextCaller(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		l, start := open(t, path, time.Now), time.Now()
		first, _ := take(t, l, phone)
		var second Step
		var served time.Duration
		go func() {
			second, _ = take(t, l, phone)
			served = time.Since(start)
		}()
		time.Sleep(7500 * time.Millisecond)
		first.Return()
		synctest.Wait()
		if !second.At.Equal(start) || served != 7500*time.Millisecond {
			t.Errorf("the waiter got the step at %v after %v", second.At.Sub(start), served)
		}
		first.Return() // once more: it is the second caller's now
		if wait := l.NextIn(phone, 30*time.Second); wait != 22500*time.Millisecond {
			t.Errorf("a step given back twice is free again: next in %v", wait)
		}
	})
}

func TestReturnedStepStaysUsedWhenTheDeviceMovedOn(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		l := open(t, path, time.Now)
		first, _ := take(t, l, phone)
		second, _ := take(t, l, phone)
		first.Return()
		if wait := l.NextIn(phone, 30*time.Second); wait != 30*time.Second {
			t.Errorf("returning an old step freed the new one: next in %v", wait)
		}
		second.Return()
		if wait := open(t, path, time.Now).NextIn(phone, 30*time.Second); wait != 0 {
			t.Errorf("the return was not written: next in %v", wait)
		}
		third, _ := take(t, l, phone)
		if !third.At.Equal(second.At) {
			t.Errorf("third step at %v, want the returned %v", third.At, second.At)
		}
		if err := l.Mark(phone, 30*time.Second); err != nil {
			t.Fatal(err)
		}
		third.Return()
		if wait := l.NextIn(phone, 30*time.Second); wait == 0 {
			t.Error("a typed code's step was given back")
		}
	})
}

func TestReturnFreesNoEarlierStep(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		var c clock
		l := open(t, path, c.now)
		take(t, l, phone) // sent
		second, _ := take(t, l, phone)
		second.Return()
		c.set(-20 * time.Second) // back into the first step
		for _, l := range []*Ledger{l, open(t, path, c.now)} {
			if wait := l.NextIn(phone, 30*time.Second); wait != 20*time.Second {
				t.Errorf("the first step is free in %v, want its end in 20 s", wait)
			}
		}
	})
}

func TestMarkFreesNoLaterStep(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		var c clock
		l := open(t, path, c.now)
		take(t, l, phone)
		c.set(-15 * time.Second)
		if err := l.Mark(phone, 30*time.Second); err != nil {
			t.Fatal(err)
		}
		if wait := l.NextIn(phone, 30*time.Second); wait != 45*time.Second {
			t.Errorf("next in %v, want the end of the step that was taken, in 45 s", wait)
		}
	})
}

func TestLedgerRemembersOverARestart(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		l, start := open(t, path, time.Now), time.Now()
		take(t, l, phone)
		if err := l.SetSkew(-3 * time.Second); err != nil {
			t.Fatal(err)
		}
		again := open(t, path, time.Now)
		if again.Skew() != -3*time.Second || again.Damage() != "" {
			t.Errorf("skew %v, damage %q", again.Skew(), again.Damage())
		}
		step, told := take(t, again, phone)
		if !step.At.Equal(start.Add(30*time.Second)) || len(told) != 1 || told[0] != 33*time.Second {
			t.Errorf("after the restart: step at %v, told %v", step.At.Sub(start), told)
		}
	})
}

func TestLedgerIsPrivate(t *testing.T) {
	path := ledgerPath(t)
	take(t, open(t, path, time.Now), phone)
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700 | os.ModeDir} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if os.PathSeparator == '/' && info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", filepath.Base(name), info.Mode(), want)
		}
	}
}

func TestMarkUsesTheStepOfATypedCode(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		l := open(t, path, time.Now)
		time.Sleep(12 * time.Second)
		if wait := l.NextIn(phone, 30*time.Second); wait != 0 {
			t.Errorf("a fresh device is to wait %v", wait)
		}
		for range 2 {
			if err := l.Mark(phone, 30*time.Second); err != nil {
				t.Fatal(err)
			}
		}
		for _, l := range []*Ledger{l, open(t, path, time.Now)} {
			if wait := l.NextIn(phone, 30*time.Second); wait != 18*time.Second {
				t.Errorf("next in %v, want 18 s", wait)
			}
		}
		if wait := l.NextIn(fob, 30*time.Second); wait != 0 {
			t.Errorf("another device is to wait %v", wait)
		}
		time.Sleep(18 * time.Second)
		if wait := l.NextIn(phone, 30*time.Second); wait != 0 {
			t.Errorf("in the next step still %v", wait)
		}
	})
}

func TestPeriodMayChange(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		l, start := open(t, path, time.Now), time.Now()
		time.Sleep(20 * time.Second)
		take(t, l, phone) // used until second 30
		step, err := l.Take(t.Context(), phone, 45*time.Second, nil)
		if err != nil || !step.At.Equal(start.Add(45*time.Second)) {
			t.Errorf("step at %v, %v: it overlaps the used one", step.At.Sub(start), err)
		}
	})
}

func TestLedgerRefusesOddDevicesAndPeriods(t *testing.T) {
	l := open(t, ledgerPath(t), time.Now)
	for _, c := range []struct {
		device string
		period time.Duration
	}{
		{"", 30 * time.Second},
		{strings.Repeat("x", 257), 30 * time.Second},
		{"a\nb", 30 * time.Second},
		{"a\xff", 30 * time.Second},
		{phone, 0},
		{phone, -30 * time.Second},
		{phone, 30*time.Second + 1},
		{phone, time.Hour},
	} {
		if _, err := l.Take(t.Context(), c.device, c.period, nil); err == nil {
			t.Errorf("Take of %.10q, %v", c.device, c.period)
		}
		if err := l.Mark(c.device, c.period); err == nil {
			t.Errorf("Mark of %.10q, %v", c.device, c.period)
		}
		if l.NextIn(c.device, c.period) != 0 {
			t.Errorf("NextIn of %.10q, %v", c.device, c.period)
		}
	}
}

func BenchmarkTakeAndWrite(b *testing.B) {
	now := time.Unix(1<<30, 0)
	l := open(b, ledgerPath(b), func() time.Time { return now })
	for b.Loop() {
		now = now.Add(30 * time.Second)
		if _, err := l.Take(b.Context(), phone, 30*time.Second, nil); err != nil {
			b.Fatal(err)
		}
	}
}
