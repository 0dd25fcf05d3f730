package keystore

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"filippo.io/age"
)

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
