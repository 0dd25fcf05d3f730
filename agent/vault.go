package agent

import (
	"context"
	"time"

	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/vault"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/sealed"
	"github.com/mfad/mfad/keystore"
)

// longestHold bounds a hold time; who wants more says for ever.
const longestHold = 30 * 24 * time.Hour

// vaults are the methods for the vault and its slots.
type vaults struct {
	access   *vault.Access
	sessions *sessions
}

func (m *vaults) create(ctx context.Context, r *request, p wire.VaultCreateParams) (wire.VaultCreateResult, error) {
	v, recovery, err := m.access.Create(ctx, r.ask, vault.Plan(p))
	if err != nil {
		return wire.VaultCreateResult{}, err
	}
	return wire.VaultCreateResult{Vault: m.describe(v), Recovery: recovery}, nil
}

func (m *vaults) show(ctx context.Context, _ *request) (wire.Vault, error) {
	v, err := m.access.Open(ctx)
	if err != nil {
		return wire.Vault{}, err
	}
	return m.describe(v), nil
}

func (m *vaults) verify(ctx context.Context, r *request) (wire.VaultVerifyResult, error) {
	var result wire.VaultVerifyResult
	err := m.access.Use(ctx, r.ask, func(v *keystore.Vault) error {
		report := v.Verify()
		result = wire.VaultVerifyResult{Items: report.Items, Slots: report.Slots, Faults: report.Faults}
		return nil
	})
	return result, err
}

func (m *vaults) unlock(ctx context.Context, r *request, p wire.VaultUnlockParams) (wire.Vault, error) {
	v, err := m.access.Unlock(ctx, p.Slot, r.ask)
	if err != nil {
		return wire.Vault{}, err
	}
	return m.describe(v), nil
}

func (m *vaults) lock(context.Context, *request) (none, error) {
	m.access.Lock()
	m.sessions.forgetAll()
	sealed.Drop()
	return none{}, nil
}

func (m *vaults) hold(ctx context.Context, r *request, p wire.VaultHoldParams) (none, error) {
	hold, err := holdOf(p)
	if err != nil {
		return none{}, err
	}
	return none{}, m.access.SetHold(ctx, r.ask, hold)
}

// holdOf is the hold time that is asked for; -1 s stands for all negative ones.
func holdOf(p wire.VaultHoldParams) (time.Duration, error) {
	if p.Seconds > int64(longestHold/time.Second) {
		return 0, errcode.Errorf(errcode.BadRequest,
			"a vault is held for at most %d seconds, or until it is locked", longestHold/time.Second)
	}
	return time.Duration(max(-1, p.Seconds)) * time.Second, nil
}

func (m *vaults) accept(ctx context.Context, r *request) (wire.Vault, error) {
	v, err := m.access.AcceptRestored(ctx, r.ask, r.by)
	if err != nil {
		return wire.Vault{}, err
	}
	m.sessions.forgetAll()
	return m.describe(v), nil
}

func (m *vaults) addSlot(ctx context.Context, r *request, p wire.SlotAddParams) (wire.SlotAddResult, error) {
	slot, recovery, err := m.access.AddSlot(ctx, r.ask, vault.Request(p))
	if err != nil {
		return wire.SlotAddResult{}, err
	}
	return wire.SlotAddResult{Slot: describeSlot(slot), Recovery: recovery}, nil
}

func (m *vaults) removeSlot(ctx context.Context, r *request, p wire.SlotRemoveParams) (none, error) {
	return none{}, m.access.RemoveSlot(ctx, r.ask, p.ID, p.Last)
}

func (m *vaults) describe(v *keystore.Vault) wire.Vault {
	described := wire.Vault{
		Name: vault.Name, Path: m.access.Dir(), Generation: v.Generation(), Recipient: v.Recipient(),
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

func describeSlot(s keystore.Slot) wire.Slot {
	by := inventory.TokenSlotOf(s)
	return wire.Slot{
		ID: s.ID, Kind: string(s.Kind), Label: s.Label, Created: s.Created, Token: by.Token, Identity: by.Identity,
	}
}
