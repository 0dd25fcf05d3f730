package keystore

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestHoldTimeEndsByTimerByClockAndByBootClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{Hold: time.Hour})
		if until := f.HeldUntil(); !until.Equal(time.Now().Add(time.Hour)) {
			t.Errorf("held until %v", until)
		}
		kept := f.held.text
		time.Sleep(time.Hour - time.Second)
		if f.Locked() {
			t.Error("locked before its time")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if len(kept.Bytes()) != 0 {
			t.Error("the timer left the identity in memory")
		}
		_, err := f.Put(Item{Name: "x", Kind: KindTOTP}, nil)
		wantError(t, err, ErrLocked)
		if !f.Locked() || !f.HeldUntil().IsZero() {
			t.Error("held after its time")
		}

		now, boot := time.Now(), time.Duration(0)
		f.clock = clock{func() time.Time { return now }, func() time.Duration { return boot }}
		f.unlock(t)
		boot = time.Hour // suspended: no other clock went on
		if !f.Locked() {
			t.Error("held through an hour of suspend")
		}
		f.unlock(t)
		now = now.Add(time.Hour)
		if !f.Locked() {
			t.Error("held for an hour of the clock")
		}
	})
}

func TestHoldUntilLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{Hold: -1})
		time.Sleep(1000 * time.Hour)
		if f.Locked() || !f.HeldUntil().IsZero() {
			t.Error("the hold time ended")
		}
		kept := f.held.text
		f.Lock()
		f.Lock()
		if !f.Locked() || len(kept.Bytes()) != 0 {
			t.Error("held after Lock")
		}
	})
}

func TestUnlockedEndsWithItsUnlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{Hold: time.Hour})
		for what, end := range map[string]func(){
			"time":           func() { time.Sleep(time.Hour) },
			"Lock":           f.Lock,
			"another Unlock": func() { f.unlock(t) },
		} {
			f.unlock(t)
			over := f.Unlocked()
			select {
			case <-over:
				t.Errorf("%s: over before its end", what)
			default:
			}
			end()
			if _, open := <-over; open {
				t.Errorf("%s: it says something", what)
			}
		}
		f.Lock()
		if f.Unlocked() != nil {
			t.Error("a locked vault is unlocked")
		}
		f.unlock(t)
		over := f.Unlocked()
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		<-over
	})
}

func TestHoldForOneUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{})
		item := f.put(t, "phone", "one") // Create's use
		_, err := f.Read(item.ID)
		wantError(t, err, ErrLocked)
		f.unlock(t)
		_, err = f.Read("totp-gone") // no use: there is nothing to read
		wantError(t, err, ErrNoItem)
		if got := f.read(t, item.ID); got != "one" {
			t.Errorf("read %q", got)
		}
		_, err = f.Read(item.ID)
		wantError(t, err, ErrLocked)
		f.unlock(t)
		time.Sleep(oneUse)
		_, err = f.Read(item.ID)
		wantError(t, err, ErrLocked)
	})
}

func TestSetHoldShortensAndNeverLengthens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{Hold: time.Hour})
		end := time.Now().Add(time.Hour)
		f.SetHold(2 * time.Hour)
		if !f.HeldUntil().Equal(end) {
			t.Errorf("lengthened to %v", f.HeldUntil())
		}
		f.SetHold(-1)
		if !f.HeldUntil().Equal(end) {
			t.Errorf("lengthened to %v", f.HeldUntil())
		}
		f.SetHold(time.Minute)
		if !f.HeldUntil().Equal(time.Now().Add(time.Minute)) {
			t.Errorf("shortened to %v", f.HeldUntil())
		}
		f.SetHold(2 * time.Hour)
		if f.Hold() != 2*time.Hour {
			t.Errorf("hold is %v", f.Hold())
		}
		f.unlock(t)
		if !f.HeldUntil().Equal(time.Now().Add(2 * time.Hour)) {
			t.Errorf("an Unlock holds until %v", f.HeldUntil())
		}
		f.SetHold(0)
		if err := f.SetFacts(f.put(t, "x", "").ID, nil); !errors.Is(err, ErrLocked) {
			t.Errorf("the second use: %v", err)
		}
	})
}
