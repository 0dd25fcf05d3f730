package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/keystore"
)

// longestHold bounds a hold time; who wants more says for ever.
const longestHold = 30 * 24 * time.Hour

func (s *Service) vaultCreate(ctx context.Context, r *request, p wire.VaultCreateParams) (wire.VaultCreateResult, error) {
	if _, err := s.door.open(ctx); !errors.Is(err, keystore.ErrNoVault) {
		if err == nil {
			err = fmt.Errorf("%w: %s", keystore.ErrExists, s.options.Home.Vault)
		}
		return wire.VaultCreateResult{}, err
	}
	kinds, err := s.waysIn(ctx, p)
	if err != nil {
		return wire.VaultCreateResult{}, err
	}
	var result wire.VaultCreateResult
	var specs []keystore.SlotSpec
	undo := func() {}
	for _, kind := range kinds {
		made, err := s.makeSlot(ctx, r, wire.SlotAddParams{Kind: string(kind)})
		if err != nil {
			undo()
			return wire.VaultCreateResult{}, err
		}
		before := undo
		undo = func() { made.undo(); before() }
		specs = append(specs, made.spec)
		result.Recovery += made.recovery // of the one slot that has one
	}
	v, err := s.door.create(ctx, specs)
	if err != nil {
		undo()
		return wire.VaultCreateResult{}, err
	}
	result.Vault = s.describeVault(v)
	return result, nil
}

// create makes the vault and leaves it unlocked.
func (d *door) create(ctx context.Context, specs []keystore.SlotSpec) (*keystore.Vault, error) {
	if err := d.opening.Enter(ctx); err != nil {
		return nil, err
	}
	defer d.opening.Leave()
	if d.opened() != nil {
		return nil, keystore.ErrExists
	}
	var v *keystore.Vault
	err := d.wrapping(ctx, func() (err error) {
		v, err = keystore.Create(d.dir, specs, d.options)
		return err
	})
	if err == nil {
		d.adopt(v)
	}
	return v, err
}

// waysIn decides which slots a new vault gets, before anything is asked.
func (s *Service) waysIn(ctx context.Context, p wire.VaultCreateParams) ([]keystore.SlotKind, error) {
	withKeychain, err := s.wantsKeychain(ctx, p.Keychain)
	if err != nil {
		return nil, err
	}
	withPassphrase, err := wanted("passphrase", p.Passphrase, func() bool { return !withKeychain })
	if err != nil {
		return nil, err
	}
	var kinds []keystore.SlotKind
	if withKeychain {
		kinds = append(kinds, keystore.SlotKeychain)
	}
	if withPassphrase {
		kinds = append(kinds, keystore.SlotPassphrase)
	}
	if !p.NoRecovery {
		kinds = append(kinds, keystore.SlotRecovery)
	}
	switch {
	case len(kinds) == 0:
		return nil, fmt.Errorf("%w: nothing would open the vault", keystore.ErrLastSlot)
	case len(kinds) == 1 && !p.OneWayIn:
		return nil, fmt.Errorf("%w: only the %s would open the vault, and all is lost with it", keystore.ErrLastSlot, kinds[0])
	}
	return kinds, nil
}

func (s *Service) wantsKeychain(ctx context.Context, choice string) (bool, error) {
	var missing error
	want, err := wanted("keychain", choice, func() bool {
		missing = s.options.Keychain.Available(ctx)
		return missing == nil
	})
	if want && choice == "yes" {
		if missing = s.options.Keychain.Available(ctx); missing != nil {
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

func (s *Service) vaultShow(ctx context.Context, _ *request) (wire.Vault, error) {
	v, err := s.door.open(ctx)
	if err != nil {
		return wire.Vault{}, err
	}
	return s.describeVault(v), nil
}

func (s *Service) vaultVerify(ctx context.Context, r *request) (wire.VaultVerifyResult, error) {
	var result wire.VaultVerifyResult
	err := s.door.use(ctx, r.ask, func(v *keystore.Vault) error {
		report := v.Verify()
		result = wire.VaultVerifyResult{Items: report.Items, Slots: report.Slots, Faults: report.Faults}
		return nil
	})
	return result, err
}

func (s *Service) vaultUnlock(ctx context.Context, r *request, p wire.VaultUnlockParams) (wire.Vault, error) {
	v, err := s.door.open(ctx)
	if err != nil {
		return wire.Vault{}, err
	}
	if v.Locked() || p.Slot != "" {
		if v, err = s.door.unlock(ctx, v, p.Slot, r.ask); err != nil {
			return wire.Vault{}, err
		}
	}
	return s.describeVault(v), nil
}

func (s *Service) vaultLock(context.Context, *request) (none, error) {
	s.door.lock()
	s.forgetAll()
	return none{}, nil
}

func (s *Service) vaultHold(ctx context.Context, r *request, p wire.VaultHoldParams) (none, error) {
	hold := max(-time.Second, time.Duration(p.Seconds)*time.Second)
	if p.Seconds > int64(longestHold/time.Second) {
		return none{}, errcode.Errorf(errcode.BadRequest, "a vault is held for at most %d seconds, or until it is locked", longestHold/time.Second)
	}
	v, err := s.door.open(ctx)
	if err == nil && longer(hold, v.Hold()) {
		err = s.door.prove(ctx, r.ask, "to hold it open longer")
	}
	if err != nil {
		return none{}, err
	}
	return none{}, s.door.use(ctx, r.ask, func(v *keystore.Vault) error { return setHold(v, hold) })
}

// longer compares hold times, of which a negative one has no end.
func longer(a, b time.Duration) bool { return b >= 0 && (a < 0 || a > b) }

func (s *Service) describeVault(v *keystore.Vault) wire.Vault {
	described := wire.Vault{
		Name: vaultName, Path: s.options.Home.Vault, Generation: v.Generation(), Recipient: v.Recipient(),
		Locked: v.Locked(), HeldUntil: v.HeldUntil(), Hold: int64(v.Hold() / time.Second),
		Slots: []wire.Slot{}, Items: []wire.Item{},
	}
	for _, slot := range v.Slots() {
		described.Slots = append(described.Slots, describeSlot(slot))
	}
	for _, item := range v.Items() {
		described.Items = append(described.Items, wire.Item{ID: item.ID, Name: item.Name, Kind: string(item.Kind), Created: item.Created})
	}
	return described
}
