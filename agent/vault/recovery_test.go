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
