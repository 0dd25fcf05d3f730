package vault

import (
	"context"
	"errors"
	"fmt"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/keystore"
)

// Plan says which ways in a new vault gets. Keychain and Passphrase are "auto",
// "yes" or "no"; empty is auto.
type Plan struct {
	Keychain   string
	Passphrase string // auto: when there is no keychain
	OneWayIn   bool   // a vault with a single way in is allowed
	NoRecovery bool
}

// Create makes the vault with the ways in of a plan, asks for what they need, and
// leaves it unlocked. It returns the recovery key, which is kept nowhere else,
// unless the plan wants none; the caller wipes it. It wraps [keystore.ErrExists], and
// [keystore.ErrLastSlot] when too little would open the vault. When it fails,
// nothing is left.
func (a *Access) Create(ctx context.Context, ask credproc.Asker, p Plan) (v *keystore.Vault, recovery []byte, err error) {
	if _, err := a.Open(ctx); !errors.Is(err, keystore.ErrNoVault) {
		if err == nil {
			err = fmt.Errorf("%w: %s", keystore.ErrExists, a.dir)
		}
		return nil, nil, err
	}
	kinds, err := p.kinds(ctx, a.tools.keychain)
	if err != nil {
		return nil, nil, err
	}
	var slots []newSlot
	defer func() {
		if err != nil {
			for i := range slots {
				slots[len(slots)-1-i].discard()
			}
		}
	}()
	var specs []keystore.SlotSpec
	for _, kind := range kinds {
		_, made, err := a.ways.make(ctx, maker{Request{Kind: string(kind)}, a.tools, ask})
		if err != nil {
			return nil, nil, err
		}
		slots, specs = append(slots, made), append(specs, made.spec)
		if made.recovery != nil { // one slot has one
			recovery = made.recovery
		}
	}
	if v, err = a.create(ctx, specs); err != nil {
		return nil, nil, err
	}
	return v, recovery, nil
}

// create makes the vault and leaves it unlocked.
func (a *Access) create(ctx context.Context, specs []keystore.SlotSpec) (*keystore.Vault, error) {
	if err := a.opening.Enter(ctx); err != nil {
		return nil, err
	}
	defer a.opening.Leave()
	if a.Opened() != nil {
		return nil, keystore.ErrExists
	}
	var v *keystore.Vault
	err := a.scrypt.run(ctx, func() (err error) {
		v, err = keystore.Create(a.dir, specs, a.options)
		return err
	})
	if err == nil {
		a.state.made(v)
		a.held()
	}
	return v, err
}

// kinds decides which slots a new vault gets, before anything is asked.
func (p Plan) kinds(ctx context.Context, chain Keychain) ([]keystore.SlotKind, error) {
	withKeychain, err := p.wantsKeychain(ctx, chain)
	if err != nil {
		return nil, err
	}
	withPassphrase, err := wanted("passphrase", p.Passphrase, func() bool { return !withKeychain })
	if err != nil {
		return nil, err
	}
	var kinds []keystore.SlotKind
	if withKeychain {
		kinds = append(kinds, keychainWay.kind)
	}
	if withPassphrase {
		kinds = append(kinds, passphraseWay.kind)
	}
	if !p.NoRecovery {
		kinds = append(kinds, recoveryWay.kind)
	}
	switch {
	case len(kinds) == 0:
		return nil, fmt.Errorf("%w: nothing would open the vault", keystore.ErrLastSlot)
	case len(kinds) == 1 && !p.OneWayIn:
		return nil, fmt.Errorf("%w: only the %s would open the vault, and all is lost with it", keystore.ErrLastSlot, kinds[0])
	}
	return kinds, nil
}

func (p Plan) wantsKeychain(ctx context.Context, chain Keychain) (bool, error) {
	var missing error
	want, err := wanted("keychain", p.Keychain, func() bool {
		missing = chain.Available(ctx)
		return missing == nil
	})
	if want && p.Keychain == "yes" {
		if missing = chain.Available(ctx); missing != nil {
			return false, fmt.Errorf("making a keychain slot: %w", missing)
		}
	}
	return want, err
}

// wanted reads a choice of yes, no and auto; empty is auto.
func wanted(name, choice string, auto func() bool) (bool, error) {
	switch choice {
	case "yes":
		return true, nil
	case "no":
		return false, nil
	case "", "auto":
		return auto(), nil
	}
	return false, errcode.Errorf(errcode.BadRequest, "%s is auto, yes or no, not %.20q", name, choice)
}
