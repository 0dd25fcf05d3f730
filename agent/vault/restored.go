package vault

import (
	"context"
	"errors"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/keystore"
)

// reopened is Open that reads a vault anew which another program has changed since:
// what is in memory is given up, and nothing of it is written.
func (a *Access) reopened(ctx context.Context) (*keystore.Vault, error) {
	if v := a.Opened(); v != nil && errors.Is(v.Changed(), keystore.ErrConflict) {
		if err := a.drop(ctx, v); err != nil {
			return nil, err
		}
	}
	return a.Open(ctx)
}

// drop closes a vault, unless somebody else has dropped it.
func (a *Access) drop(ctx context.Context, v *keystore.Vault) error {
	if err := a.opening.Enter(ctx); err != nil {
		return err
	}
	defer a.opening.Leave()
	if a.Opened() != v {
		return nil
	}
	a.state.opened(nil)
	return v.Close()
}

// AcceptRestored makes a vault the newest one that was refused because it is older
// than, or another than, the one that was seen last: the person has restored it.
// Who asks proves it, as for [Access.Prove], by the slots of the vault that is
// accepted; by is the slot to prove it by, or empty. Until then nothing counts, and it
// stays refused. It wraps [errcode.BadRequest] when there is nothing to accept.
func (a *Access) AcceptRestored(ctx context.Context, ask credproc.Asker, by string) (*keystore.Vault, error) {
	key := attempt{locks: a.state.lockCount()}
	if err := a.Refusal(); err != nil {
		return nil, err
	}
	switch _, err := a.reopened(ctx); {
	case err == nil:
		return nil, errcode.Errorf(errcode.BadRequest, "vault %q is the one that was seen last: there is nothing to accept", Name)
	case !errors.Is(err, keystore.ErrRolledBack) && !errors.Is(err, keystore.ErrUnmarked):
		return nil, err
	}
	restored := a.options
	restored.Restored = true
	// Nobody else has it before the proof: an unlock that asks nobody would accept it.
	v, err := a.open(restored)
	if err != nil {
		return nil, err
	}
	u := unlocker{access: a, vault: v, ask: ask, act: Act{Why: "to accept the restored vault", By: by}}
	opened, err := u.prove(ctx)
	if err == nil && !opened {
		err = u.run(ctx, "") // a yes on the desktop opens nothing
	}
	if err == nil {
		err = a.admit(v, key)
	}
	if err != nil {
		return nil, errors.Join(err, v.Close())
	}
	a.state.made(v)
	return v, nil
}
