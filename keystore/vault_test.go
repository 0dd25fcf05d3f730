package keystore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"github.com/mfad/mfad/keystore/plugintest"
)

func TestMain(m *testing.M) {
	plugintest.Main()
	scryptLogN = 10 // 1 ms instead of 0.6 s
	os.Exit(m.Run())
}

// fixture is a vault with two slots, recovery and keychain, which are age
// identities and so open at once.
type fixture struct {
	*Vault
	dir      string
	opts     Options
	recovery age.Identity // of Slots()[0]
	keychain age.Identity // of Slots()[1]
}

func newFixture(t *testing.T, opts Options) *fixture {
	t.Helper()
	f := &fixture{dir: filepath.Join(t.TempDir(), "vault"), opts: opts}
	var specs []SlotSpec
	f.recovery, f.keychain = f.unlocker(t, SlotRecovery, &specs), f.unlocker(t, SlotKeychain, &specs)
	v, err := Create(f.dir, specs, opts)
	if err != nil {
		t.Fatal(err)
	}
	f.Vault = v
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func (f *fixture) unlocker(t *testing.T, kind SlotKind, specs *[]SlotSpec) age.Identity {
	t.Helper()
	r, key, err := NewRecovery()
	if err != nil {
		t.Fatal(err)
	}
	defer key.Destroy()
	id, err := ParseRecovery(key.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	*specs = append(*specs, SlotSpec{Kind: kind, Label: "test", Recipient: r})
	return id
}

// reopen closes the vault and opens it again, locked.
func (f *fixture) reopen(t *testing.T) {
	t.Helper()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	v, err := Open(f.dir, f.opts)
	if err != nil {
		t.Fatal(err)
	}
	f.Vault = v
}

func (f *fixture) unlock(t *testing.T) {
	t.Helper()
	if err := f.Unlock(context.Background(), f.Slots()[0].ID, f.recovery); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) put(t *testing.T, name, secret string) Item {
	t.Helper()
	item, err := f.Put(Item{Name: name, Kind: KindTOTP}, []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return item
}

func (f *fixture) read(t *testing.T, id string) string {
	t.Helper()
	s, err := f.Read(id)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Destroy()
	return string(s.Bytes())
}

func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

func TestVaultKeepsItemsAcrossOpenings(t *testing.T) {
	f := newFixture(t, Options{Hold: -1, HighWater: filepath.Join(t.TempDir(), "state", "mark")})
	phone := f.put(t, "phone", "one")
	fob := f.put(t, "fob", "two")
	f.reopen(t)
	if !f.Locked() {
		t.Error("the vault opened unlocked")
	}
	_, err := f.Read(phone.ID)
	wantError(t, err, ErrLocked)
	f.unlock(t)
	if got := f.read(t, phone.ID); got != "one" {
		t.Errorf("phone holds %q", got)
	}
	if got, ok := f.Find(KindTOTP, "fob"); !ok || got.ID != fob.ID {
		t.Errorf("found %v, %v", got, ok)
	}
	if r := f.Verify(); len(r.Faults) > 0 || !r.Decrypted || r.Items != 2 || r.Slots != 2 {
		t.Errorf("report %+v", r)
	}
}
