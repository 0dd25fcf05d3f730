package keystore

import (
	"context"
	"errors"
	"fmt"

	"filippo.io/age"
)

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
	man, err := v.state.openManifest()
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
	v.hold.install(text)
	return nil
}

// openSlot returns the identity that a slot wraps.
func (v *Vault) openSlot(ctx context.Context, slot Slot, id age.Identity) (*Secret, error) {
	file, err := v.state.folder.readSealed(slot.File(), slot.SHA256)
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

// admit lets an identity in if it is the vault's.
func (v *Vault) admit(text *Secret) error {
	key, err := parseVaultKey(text.Bytes())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	defer key.wipe()
	return v.state.admit(key)
}
