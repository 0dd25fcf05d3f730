package keystore

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestCreateWantsTwoWaysInUnlessTold(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "vault")
	r, key, err := NewRecovery()
	if err != nil {
		t.Fatal(err)
	}
	key.Destroy()
	one := []SlotSpec{{Kind: SlotRecovery, Recipient: r}}
	_, err = Create(dir, one, Options{})
	wantError(t, err, ErrLastSlot)
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a refused Create left: %v", err)
	}
	_, err = Create(dir, nil, Options{OneWayIn: true})
	wantError(t, err, ErrLastSlot)
	v, err := Create(dir, one, Options{OneWayIn: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCreateLeavesAVaultAlone(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	f.put(t, "phone", "one")
	r, key, _ := NewRecovery()
	key.Destroy()
	specs := []SlotSpec{{Kind: SlotRecovery, Recipient: r}, {Kind: SlotRecovery, Recipient: r}}
	_, err := Create(f.dir, specs, Options{})
	wantError(t, err, ErrExists)

	// age still opens the items of a vault whose vault.json is lost.
	if err := os.Remove(filepath.Join(f.dir, manifestFile)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = Create(f.dir, specs, Options{})
	wantError(t, err, ErrExists)
	_, err = Open(f.dir, Options{})
	wantError(t, err, ErrNoVault)
	if files, _ := os.ReadDir(filepath.Join(f.dir, itemsDir)); len(files) != 1 {
		t.Errorf("items left: %v", files)
	}
}

func TestOpenRefusesAVaultThatIsOpen(t *testing.T) {
	f := newFixture(t, Options{})
	_, err := Open(f.dir, Options{})
	wantError(t, err, ErrBusy)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	_, err = f.Put(Item{Name: "x", Kind: KindTOTP}, nil)
	wantError(t, err, ErrClosed)
	wantError(t, f.Unlock(t.Context(), f.Slots()[0].ID, f.recovery), ErrClosed)
	_, err = Open(t.TempDir(), Options{})
	wantError(t, err, ErrNoVault)
}
