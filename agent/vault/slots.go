package vault

import (
	"context"
	"fmt"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/keystore"
)

// AddSlot makes a new way in, and returns it with the recovery key if it is one,
// which the caller wipes. It counts only when it has opened the vault once, by the
// way on which it will be used: the token, say, is looked for, and wants its PIN and
// touch. The caller has proved that they may ([Access.Prove]): it opens every secret
// of the vault, also without mfad.
func (a *Access) AddSlot(ctx context.Context, ask credproc.Asker, r Request) (slot keystore.Slot, recovery []byte, err error) {
	w, made, err := a.ways.make(ctx, maker{r, a.tools, ask})
	if err != nil {
		return keystore.Slot{}, nil, err
	}
	made.spec.Proof, err = w.proof(ctx, maker{r, a.tools, ask}, made)
	if err != nil {
		made.discard()
		return keystore.Slot{}, nil, fmt.Errorf("proving that the new %s slot opens the vault: %w", w.kind, err)
	}
	err = a.Use(ctx, ask, func(v *keystore.Vault) error {
		add := func() (err error) {
			slot, err = v.AddSlot(made.spec)
			return err
		}
		if !w.scrypt {
			return add() // which may ask for a PIN, and wait for a touch
		}
		return a.scrypt.run(ctx, add)
	})
	if err != nil {
		made.discard()
		return keystore.Slot{}, nil, err
	}
	return slot, made.recovery, nil
}

// RemoveSlot removes the slot that is meant by an id or a kind, which must be one.
// Last allows to leave a single way in. The caller has proved that they may. It wraps
// [keystore.ErrNoSlot] and [keystore.ErrLastSlot].
func (a *Access) RemoveSlot(ctx context.Context, ask credproc.Asker, id string, last bool) error {
	var gone keystore.Slot
	err := a.Use(ctx, ask, func(v *keystore.Vault) (err error) {
		if gone, err = meant(v, id); err == nil {
			err = v.RemoveSlot(gone.ID, last)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, w := range a.ways {
		if w.kind == gone.Kind && w.leave != nil {
			w.leave(ctx, a.tools, gone)
		}
	}
	return nil
}

// Slot is the slot that is meant by an id or a kind, which must be one. It opens
// nothing, and wraps [keystore.ErrNoSlot].
func (a *Access) Slot(ctx context.Context, id string) (keystore.Slot, error) {
	v, err := a.Open(ctx)
	if err != nil {
		return keystore.Slot{}, err
	}
	return meant(v, id)
}

func meant(v *keystore.Vault, id string) (keystore.Slot, error) {
	found, err := choose(v.Slots(), id)
	if err != nil {
		return keystore.Slot{}, err
	}
	if id == "" || len(found) != 1 {
		return keystore.Slot{}, errcode.Errorf(errcode.BadRequest, "%d slots are meant by %q: name one by its id", len(found), id)
	}
	return found[0], nil
}
