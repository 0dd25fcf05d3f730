package vault

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/mfad/mfad/keystore"
)

// Who has gone is shown no recovery key, so that none may open the vault: nothing
// is made.
func TestVaultIsNotMadeForWhoHasGone(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	made, err := makeRecovery(ctx, maker{})
	if err != nil {
		t.Fatal(err)
	}
	defer clear(made.recovery)
	made.spec.Kind = recoveryWay.kind
	dir := filepath.Join(t.TempDir(), "vault")
	options := keystore.Options{OneWayIn: true, HighWater: filepath.Join(t.TempDir(), "mark")}
	leave()
	if _, err := keystore.Create(dir, []keystore.SlotSpec{made.spec}, options); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if _, err := keystore.Open(dir, options); !errors.Is(err, keystore.ErrNoVault) {
		t.Errorf("got %v, want %v", err, keystore.ErrNoVault)
	}
}

// So it is with a recovery key that is added: who has gone leaves no slot behind.
func TestSlotIsNotAddedForWhoHasGone(t *testing.T) {
	first, err := makeRecovery(t.Context(), maker{})
	if err != nil {
		t.Fatal(err)
	}
	defer clear(first.recovery)
	first.spec.Kind = recoveryWay.kind
	options := keystore.Options{OneWayIn: true, HighWater: filepath.Join(t.TempDir(), "mark")}
	v, err := keystore.Create(filepath.Join(t.TempDir(), "vault"), []keystore.SlotSpec{first.spec}, options)
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(t.Context())
	added, err := makeRecovery(ctx, maker{})
	if err != nil {
		t.Fatal(err)
	}
	defer clear(added.recovery)
	added.spec.Kind = recoveryWay.kind
	if added.spec.Proof, err = recoveryWay.proof(ctx, maker{}, added); err != nil {
		t.Fatal(err)
	}
	leave()
	if _, err := v.AddSlot(added.spec); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if slots := v.Slots(); len(slots) != 1 {
		t.Errorf("there are %d slots", len(slots))
	}
}
