package keystore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"filippo.io/age"
)

// oneUse bounds an unlock for one use that nobody makes.
const oneUse = time.Minute

// held is the vault's identity while it is unlocked.
type held struct {
	text  *Secret
	once  bool
	until time.Time     // zero: until Lock
	boot  time.Duration // the same by Options.Boot
	timer *time.Timer
	over  chan struct{}    // closed when this goes
	kept  map[string]*kept // what goes when this goes
}

// Unlock opens a slot with id and holds the vault's identity for the hold time.
// It waits for id, which may ask the person or a token, and for 0.6 s of scrypt
// when id is a passphrase; nothing is locked meanwhile. When ctx ends first,
// Unlock returns its cause, and what id finds later is wiped.
//
// It wraps ErrNoSlot; ErrWrongPassphrase when id is not the slot's; ErrDamaged
// when the slot is not what was written, or the MAC of the manifest is not the
// vault's; ErrRolledBack; ErrPlugin of a plugin's identity. An id that is none of
// age's own, nor a plugin's, asks a token or a person: its errors are wrapped as
// they are. Unlocking an unlocked vault starts the
// hold time anew.
func (v *Vault) Unlock(ctx context.Context, slotID string, id age.Identity) error {
	man, err := v.openManifest()
	if err != nil {
		return err
	}
	at := man.slot(slotID)
	if at < 0 {
		return fmt.Errorf("%w: %.80q", ErrNoSlot, slotID)
	}
	text, err := v.openSlot(ctx, man.Slots[at], id)
	if err != nil {
		return err
	}
	if err := v.admit(text); err != nil {
		text.Destroy()
		return fmt.Errorf("unlocking with slot %q: %w", slotID, err)
	}
	v.install(text)
	return nil
}

// openSlot returns the identity that a slot wraps.
func (v *Vault) openSlot(ctx context.Context, slot Slot, id age.Identity) (*Secret, error) {
	file, err := v.readSealed(slot.File(), slot.SHA256)
	if err != nil {
		return nil, err
	}
	type result struct {
		text *Secret
		err  error
	}
	done := make(chan result)
	// age offers no way to interrupt an identity. When ctx ends, the goroutine
	// is left to it and ends when it does.
	go func() {
		text, err := decrypt(file, id)
		select {
		case done <- result{text, err}:
		case <-ctx.Done():
			text.Destroy()
		}
	}()
	select {
	case r := <-done:
		return r.text, slotError(slot, id, r.err)
	case <-ctx.Done():
		return nil, fmt.Errorf("unlocking with slot %q: %w", slot.ID, context.Cause(ctx))
	}
}

// slotError says what it means that a file with the right hash did not open.
func slotError(slot Slot, id age.Identity, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, age.ErrIncorrectIdentity):
		return fmt.Errorf("%w for slot %q", ErrWrongPassphrase, slot.ID)
	case seesOnlyTheFile(id):
		return fmt.Errorf("%w: opening slot %q: %w", ErrDamaged, slot.ID, err)
	}
	return fmt.Errorf("unlocking with slot %q: %w", slot.ID, explain(id, err))
}

// admit lets an identity in if it is the one that signed the manifest, and then
// catches up on what a kill may have left undone.
func (v *Vault) admit(text *Secret) error {
	key, err := parseVaultKey(text.Bytes())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	defer key.wipe()
	v.writing.Lock()
	defer v.writing.Unlock()
	man, err := v.openManifest()
	if err != nil {
		return err
	}
	if key.identity.Recipient().String() != man.Recipient {
		return fmt.Errorf("%w: the slot holds the identity of another vault", ErrDamaged)
	}
	if !man.authentic(key.mac) {
		return fmt.Errorf("%w: %s was not signed by this vault", ErrDamaged, manifestFile)
	}
	if err := v.checkMark(man); err != nil {
		return err
	}
	// A vault.json that was renamed but not yet synced may vanish in a power
	// cut: until it cannot, the mark must not pass it, nor the files that the
	// one before it names be removed.
	if v.opts.FS.SyncDir(v.dir) == nil {
		v.raiseMark(man)
		v.sweep(man)
	}
	return nil
}

// install starts the hold time.
func (v *Vault) install(text *Secret) {
	v.mu.Lock()
	defer v.mu.Unlock()
	next := &held{text: text, once: v.hold == 0, over: make(chan struct{})}
	if old := v.heldLocked(); old != nil {
		next.kept, old.kept = old.kept, nil
	}
	v.dropLocked()
	if v.isClosed {
		text.Destroy()
		return
	}
	v.held = next
	v.armLocked()
}

// armLocked makes the hold time count from now, unless it ends sooner already.
func (v *Vault) armLocked() {
	d, h := v.hold, v.held
	if d < 0 {
		return
	}
	if d == 0 {
		d, h.once = oneUse, true
	}
	until := v.opts.Now().Add(d)
	if !h.until.IsZero() && h.until.Before(until) {
		return
	}
	h.until, h.boot = until, v.opts.Boot()+d
	if h.timer != nil {
		h.timer.Stop()
	}
	// The timer wipes in time; the clocks are asked at each use too, since a
	// timer sleeps while the machine does.
	h.timer = time.AfterFunc(d, func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.held == h {
			v.dropLocked()
		}
	})
}

// heldLocked is v.held, if its time is not over.
func (v *Vault) heldLocked() *held {
	h := v.held
	if h != nil && !h.until.IsZero() && (!v.opts.Now().Before(h.until) || v.opts.Boot() >= h.boot) {
		v.dropLocked()
	}
	return v.held
}

func (v *Vault) dropLocked() {
	if v.held == nil {
		return
	}
	if v.held.timer != nil {
		v.held.timer.Stop()
	}
	v.held.text.Destroy()
	for _, k := range v.held.kept {
		k.destroy()
	}
	close(v.held.over)
	v.held = nil
}

// use takes the key for one act. It wraps ErrLocked.
func (v *Vault) use() (*vaultKey, error) {
	text, err := v.copyText()
	if err != nil {
		return nil, err
	}
	defer clear(text)
	return parseVaultKey(text)
}

func (v *Vault) copyText() ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.isClosed {
		return nil, ErrClosed
	}
	h := v.heldLocked()
	if h == nil {
		return nil, ErrLocked
	}
	text := append([]byte(nil), h.text.Bytes()...)
	if h.once {
		v.dropLocked()
	}
	return text, nil
}

// Lock wipes the vault's identity. What is being read or written goes on.
func (v *Vault) Lock() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.dropLocked()
}

// Locked tells whether the next use needs an Unlock.
func (v *Vault) Locked() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.heldLocked() == nil
}

// HeldUntil is when the hold time ends: zero when the vault is locked, or when
// only Lock ends it.
func (v *Vault) HeldUntil() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	if h := v.heldLocked(); h != nil {
		return h.until
	}
	return time.Time{}
}

// Unlocked returns what is closed when the unlock that counts now ends: when its
// time is over, by Lock or Close, or because another Unlock takes its place. It
// is nil when the vault is locked, or unlocked for one use.
func (v *Vault) Unlocked() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	if h := v.heldLocked(); h != nil && !h.once {
		return h.over
	}
	return nil
}

// Hold is how long an Unlock lasts, as in [Options].
func (v *Vault) Hold() time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.hold
}

// SetHold sets how long an Unlock lasts. It can shorten the hold time that is
// running, as counted from now, and never lengthens it: that takes an Unlock.
func (v *Vault) SetHold(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.hold = d
	if v.heldLocked() != nil {
		v.armLocked()
	}
}
