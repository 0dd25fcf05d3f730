package keystore

import (
	"crypto/subtle"
	"fmt"
	"maps"
	"time"
)

// AddSlot wraps the vault's identity for one more unlocker; no item is
// rewritten. It waits for the recipient, which may be a plugin or scrypt, and for
// the proof that the slot opens, without which nothing is added. It wraps
// ErrLocked, ErrInvalid, ErrPlugin, or what kept the slot shut.
func (v *Vault) AddSlot(spec SlotSpec) (Slot, error) {
	key, err := v.hold.use()
	if err != nil {
		return Slot{}, err
	}
	defer key.wipe()
	slot, file, err := wrapSlot(spec, key, v.now())
	if err != nil {
		return Slot{}, err
	}
	err = v.state.alter(key, func(c *change) error {
		c.addSlot(slot, file)
		slot = c.next.Slots[len(c.next.Slots)-1]
		return nil
	})
	if err != nil {
		return Slot{}, fmt.Errorf("adding %s slot: %w", spec.Kind, err)
	}
	return slot.clone(), nil
}

func wrapSlot(spec SlotSpec, key *vaultKey, now time.Time) (Slot, []byte, error) {
	slot := Slot{
		ID: newID(string(spec.Kind)), Kind: spec.Kind, Label: spec.Label,
		Created: wholeSeconds(now), Facts: maps.Clone(spec.Facts),
	}
	slot.SHA256 = sumHex(nil) // for the check; addSlot sets it
	if err := slot.check(); err != nil {
		return Slot{}, nil, fmt.Errorf("%w: %s slot: %v", ErrInvalid, spec.Kind, err)
	}
	text := key.text()
	defer clear(text)
	file, err := encrypt(text, spec.Recipient)
	if err != nil {
		err = explain(spec.Recipient, err)
		return Slot{}, nil, fmt.Errorf("wrapping the vault's identity for the %s slot: %w", spec.Kind, err)
	}
	if err := prove(spec, file, text); err != nil {
		return Slot{}, nil, fmt.Errorf("proving that the new %s slot opens the vault: %w", spec.Kind, err)
	}
	return slot, file, nil
}

// prove opens a slot's file as it will be opened.
func prove(spec SlotSpec, file, text []byte) error {
	if spec.Proof == nil {
		return nil
	}
	opened, err := decrypt(file, spec.Proof)
	if err != nil {
		return explain(spec.Proof, err)
	}
	defer opened.Destroy()
	if subtle.ConstantTimeCompare(opened.Bytes(), text) != 1 {
		return fmt.Errorf("%w: it gives back something else than was wrapped", ErrInvalid)
	}
	return nil
}

// RemoveSlot removes a way in and its file. It wraps ErrNoSlot, ErrLocked, or
// ErrLastSlot when fewer than two would be left; allowLast takes the second
// last away too, and nothing takes the last.
//
// What it protects: from now on the slot's unlocker opens nothing that is in
// the vault's folder. What it does not: whoever has both the unlocker and a
// copy of the slot's file from before, such as a backup, still has the vault's
// identity, and with it every item of every copy, past and future, since
// removal rewrites none. When the unlocker may be in wrong hands, make a new
// vault, move the items there, and replace the secrets themselves.
func (v *Vault) RemoveSlot(id string, allowLast bool) error {
	if v.state.manifest().slot(id) < 0 {
		return fmt.Errorf("%w: %.80q", ErrNoSlot, id)
	}
	key, err := v.hold.use()
	if err != nil {
		return err
	}
	defer key.wipe()
	err = v.state.alter(key, func(c *change) error {
		at, left := c.next.slot(id), len(c.next.Slots)-1
		if at < 0 {
			return ErrNoSlot
		}
		if left < 1 || left < 2 && !allowLast {
			return fmt.Errorf("%w: %d would be left", ErrLastSlot, left)
		}
		c.removeSlot(at)
		return nil
	})
	if err != nil {
		return fmt.Errorf("removing slot %.80q: %w", id, err)
	}
	return nil
}
