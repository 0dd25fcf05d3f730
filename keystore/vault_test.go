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

func TestPutReplacesByIDAndKeepsNamesUnique(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	phone, fob := f.put(t, "phone", "one"), f.put(t, "fob", "two")

	phone.Name, phone.Facts = "old phone", map[string]string{"serial": "arn:aws:iam::123456789012:mfa/x"}
	now, err := f.Put(phone, []byte("three"))
	if err != nil {
		t.Fatal(err)
	}
	if f.read(t, phone.ID) != "three" || !now.Created.Equal(phone.Created) || now.Written <= phone.Written {
		t.Errorf("replaced by %+v", now)
	}
	if _, err := os.Stat(filepath.Join(f.dir, phone.File())); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old file of a replaced item: %v", err)
	}
	_, err = f.Put(Item{Name: "fob", Kind: KindTOTP}, nil)
	wantError(t, err, ErrItemExists)
	fob.Name = "old phone"
	_, err = f.Put(fob, nil)
	wantError(t, err, ErrItemExists)
	fob.Name, fob.Kind = "fob", KindTrust
	_, err = f.Put(fob, nil)
	wantError(t, err, ErrInvalid)
	_, err = f.Put(Item{ID: "totp-gone", Name: "x", Kind: KindTOTP}, nil)
	wantError(t, err, ErrNoItem)
	if _, err := f.Put(Item{Name: "fob", Kind: KindTrust}, nil); err != nil {
		t.Errorf("the same name in another kind: %v", err)
	}
}

func TestPutRefusesWhatAManifestDoesNotTake(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	for name, item := range map[string]Item{
		"no name":       {Kind: KindTOTP},
		"no kind":       {Name: "x"},
		"path as kind":  {Name: "x", Kind: "../totp"},
		"control":       {Name: "a\x1b[2Jb", Kind: KindTOTP},
		"newline":       {Name: "a\nb", Kind: KindTOTP},
		"bidi override": {Name: "a\u202eb", Kind: KindTOTP},
		"not UTF-8":     {Name: "a\xff", Kind: KindTOTP},
		"long":          {Name: string(make([]byte, maxText+1)), Kind: KindTOTP},
		"bad fact":      {Name: "x", Kind: KindTOTP, Facts: map[string]string{"a": "b\n"}},
	} {
		_, err := f.Put(item, nil)
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := f.Put(Item{Name: "x", Kind: KindTOTP}, make([]byte, maxSecret+1))
	wantError(t, err, ErrInvalid)
	if _, err := f.Put(Item{Name: "x", Kind: KindTOTP}, make([]byte, maxSecret)); err != nil {
		t.Error(err)
	}
	if f.Generation() != 2 {
		t.Errorf("generation %d", f.Generation())
	}
	f.reopen(t)
}

func TestSetFactsAndRemove(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	item := f.put(t, "phone", "one")
	facts := map[string]string{"serial": "1"}
	if err := f.SetFacts(item.ID, facts); err != nil {
		t.Fatal(err)
	}
	facts["serial"] = "changed by the caller"
	if got, _ := f.Find(KindTOTP, "phone"); got.Facts["serial"] != "1" || got.Written != item.Written {
		t.Errorf("item %+v", got)
	}
	f.Items()[0].Facts["serial"] = "changed by a reader"
	if f.Items()[0].Facts["serial"] != "1" {
		t.Error("a reader changed the vault")
	}
	if err := f.Remove(item.ID); err != nil {
		t.Fatal(err)
	}
	wantError(t, f.Remove(item.ID), ErrNoItem)
	wantError(t, f.SetFacts(item.ID, nil), ErrNoItem)
	if files, _ := os.ReadDir(filepath.Join(f.dir, itemsDir)); len(files) != 0 {
		t.Errorf("left behind: %v", files)
	}
}

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
