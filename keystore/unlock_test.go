package keystore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"filippo.io/age"
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

func TestUnlockSaysWhatIsWrong(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	f.reopen(t)
	ctx := t.Context()
	slots := f.Slots()
	wantError(t, f.Unlock(ctx, "recovery-gone", f.recovery), ErrNoSlot)
	wantError(t, f.Unlock(ctx, "../vault.json", f.recovery), ErrNoSlot)
	wantError(t, f.Unlock(ctx, slots[0].ID, f.keychain), ErrWrongPassphrase)
	pass, err := PassphraseIdentity([]byte("guess"))
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, f.Unlock(ctx, slots[0].ID, pass), ErrWrongPassphrase)
	if !f.Locked() {
		t.Error("unlocked by a wrong key")
	}
	if err := f.Unlock(ctx, slots[1].ID, f.keychain); err != nil || f.Locked() {
		t.Errorf("the other slot: %v", err)
	}
}

// slowIdentity answers when it is let go.
type slowIdentity struct {
	age.Identity
	begun, letGo chan struct{}
}

func (s slowIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	close(s.begun)
	<-s.letGo
	return s.Identity.Unwrap(stanzas)
}

// TestUnlockEndsWithItsContext would not end if a goroutine stayed behind.
func TestUnlockEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{Hold: -1})
		f.reopen(t)
		slow := slowIdentity{f.recovery, make(chan struct{}), make(chan struct{})}
		ctx, cancel := context.WithCancelCause(t.Context())
		gone := errors.New("the caller went away")
		go func() {
			<-slow.begun
			// Nothing is locked while an identity works.
			if err := f.Unlock(t.Context(), f.Slots()[1].ID, f.keychain); err != nil {
				t.Error(err)
			}
			f.put(t, "phone", "one")
			f.Lock()
			cancel(gone)
		}()
		wantError(t, f.Unlock(ctx, f.Slots()[0].ID, slow), gone)
		close(slow.letGo)
		synctest.Wait()
		if !f.Locked() {
			t.Error("an identity that came too late unlocked the vault")
		}
	})
}

func TestManyReadersAndWriters(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	item := f.put(t, "phone", "0")
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		writers.Go(func() {
			for range 10 {
				if _, err := f.Put(item, []byte("1")); err != nil {
					t.Error(err)
				}
			}
		})
		readers.Go(func() {
			for {
				s, err := f.Read(item.ID)
				if err != nil {
					t.Error(err)
					return
				}
				if got := string(s.Bytes()); got != "0" && got != "1" {
					t.Errorf("read %q", got)
				}
				s.Destroy()
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	if got := f.Generation(); got != 42 {
		t.Errorf("generation %d after 42 changes", got)
	}
	if r := f.Verify(); len(r.Faults) > 0 {
		t.Errorf("faults %v", r.Faults)
	}
}

// oddKey is an unlocker that the package knows nothing of.
type oddKey struct {
	age.Identity
	fault error
}

func (k oddKey) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if k.fault != nil {
		return nil, k.fault
	}
	return k.Identity.Unwrap(stanzas)
}

// A slot may be of any kind: what its unlocker says is passed on, and is no sign
// of damage.
func TestSlotOfAKindThatIsNotKnownOpens(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	var specs []SlotSpec
	id := f.unlocker(t, "made-up", &specs)
	slot, err := f.AddSlot(specs[0])
	if err != nil {
		t.Fatal(err)
	}
	f.reopen(t)
	fault := errors.New("not touched in time")
	err = f.Unlock(t.Context(), slot.ID, oddKey{id, fault})
	if !errors.Is(err, fault) || errors.Is(err, ErrDamaged) ||
		err.Error() != fmt.Sprintf("unlocking with slot %q: not touched in time", slot.ID) {
		t.Errorf("got %v", err)
	}
	wantError(t, f.Unlock(t.Context(), slot.ID, oddKey{f.recovery, nil}), ErrWrongPassphrase)
	wantError(t, f.Unlock(t.Context(), slot.ID, oddKey{id, nil}), nil)
}
