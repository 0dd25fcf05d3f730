package vault

import (
	"context"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/keystore"
)

// AddSlot makes a new way in, and returns it with the recovery key if it is one,
// which the caller wipes.
// It takes an old way in: the new one opens every secret of the vault, also
// without mfad.
func (a *Access) AddSlot(ctx context.Context, ask credproc.Asker, r Request) (slot keystore.Slot, recovery []byte, err error) {
	if err := a.Prove(ctx, ask, "to add a way in"); err != nil {
		return keystore.Slot{}, nil, err
	}
	w, made, err := a.ways.make(ctx, maker{r, a.tools, ask})
	if err != nil {
		return keystore.Slot{}, nil, err
	}
	err = a.Use(ctx, ask, func(v *keystore.Vault) error {
		add := func() (err error) {
			slot, err = v.AddSlot(made.spec)
			return err
		}
		if !w.scrypt {
			return add() // which may wait for a touch
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
// Last allows to leave a single way in. It wraps [keystore.ErrNoSlot] and
// [keystore.ErrLastSlot].
func (a *Access) RemoveSlot(ctx context.Context, ask credproc.Asker, id string, last bool) error {
	var gone keystore.Slot
	err := a.Use(ctx, ask, func(v *keystore.Vault) error {
		found, err := choose(v.Slots(), id)
		if err != nil {
			return err
		}
		if id == "" || len(found) != 1 {
			return errcode.Errorf(errcode.BadRequest, "%d slots are meant by %q: name one by its id", len(found), id)
		}
		gone = found[0]
		return v.RemoveSlot(gone.ID, last)
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
