package keystore

import (
	"testing"

	"filippo.io/age"

	"github.com/mfad/mfad/internal/durable/faultfs"
)

// benchVault is a vault of as many items as a team's lead may have, in a file
// system that does not wait for the disk.
func benchVault(b *testing.B) (v *Vault, item Item, recovery age.Identity) {
	b.Helper()
	r, key, err := NewRecovery()
	if err != nil {
		b.Fatal(err)
	}
	defer key.Destroy()
	if recovery, err = ParseRecovery(key.Bytes()); err != nil {
		b.Fatal(err)
	}
	spec := SlotSpec{Kind: SlotRecovery, Recipient: r}
	v, err = Create(b.TempDir(), []SlotSpec{spec, spec}, Options{FS: faultfs.New(), Hold: -1})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = v.Close() })
	for range 100 {
		if item, err = v.Put(Item{Name: newID("item"), Kind: KindTOTP}, make([]byte, 100)); err != nil {
			b.Fatal(err)
		}
	}
	return v, item, recovery
}

func BenchmarkRead(b *testing.B) {
	v, item, _ := benchVault(b)
	for b.Loop() {
		secret, err := v.Read(item.ID)
		if err != nil {
			b.Fatal(err)
		}
		secret.Destroy()
	}
}

func BenchmarkUnlock(b *testing.B) {
	v, _, recovery := benchVault(b)
	slot := v.Slots()[0].ID
	for b.Loop() {
		if err := v.Unlock(b.Context(), slot, recovery); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPut(b *testing.B) {
	v, item, _ := benchVault(b)
	secret := make([]byte, 100)
	for b.Loop() {
		if _, err := v.Put(item, secret); err != nil {
			b.Fatal(err)
		}
	}
}
