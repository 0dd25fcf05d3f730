package keystore

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/mfad/mfad/internal/durable"
)

// listing is every file below a folder but the lock, with its content.
func listing(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.Walk(dir, func(name string, info os.FileInfo, err error) error {
		if err != nil || !info.Mode().IsRegular() || info.Name() == lockFile {
			return err
		}
		b, err := os.ReadFile(name)
		files[strings.TrimPrefix(name, dir)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func copyFolder(t *testing.T, to, from string) {
	t.Helper()
	if err := errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(from))); err != nil {
		t.Fatal(err)
	}
}

// Whatever somebody does to the folder of a vault that is open, no change of ours
// comes on top of it, no file goes, and who opens the vault again sees what is there.
func TestChangeOnTopOfAnotherIsRefusedAndLosesNothing(t *testing.T) {
	remove := func(rel string) func(*testing.T, *fixture, string) {
		return func(t *testing.T, f *fixture, _ string) {
			if err := os.RemoveAll(filepath.Join(f.dir, rel)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, meddle := range map[string]func(t *testing.T, f *fixture, backup string){
		"backup copied over it": func(t *testing.T, f *fixture, backup string) { copyFolder(t, f.dir, backup) },
		"older vault.json": func(t *testing.T, f *fixture, backup string) {
			old, err := os.ReadFile(filepath.Join(backup, manifestFile))
			if err = errors.Join(err, os.WriteFile(filepath.Join(f.dir, manifestFile), old, 0o600)); err != nil {
				t.Fatal(err)
			}
		},
		"garbage in vault.json": func(t *testing.T, f *fixture, _ string) {
			if err := os.WriteFile(filepath.Join(f.dir, manifestFile), []byte("{}"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"vault.json removed": remove(manifestFile),
		"folder removed":     remove(""),
		"another folder in its place": func(t *testing.T, f *fixture, backup string) {
			if err := errors.Join(os.Rename(f.dir, f.dir+"-away"), os.Rename(backup, f.dir)); err != nil {
				t.Fatal(err)
			}
		},
		"another vault in its place": func(t *testing.T, f *fixture, _ string) {
			other := newFixture(t, Options{})
			if err := other.Close(); err != nil {
				t.Fatal(err)
			}
			copyFolder(t, f.dir, other.dir)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, Options{Hold: -1})
			item := f.put(t, "phone", "one")
			backup := filepath.Join(t.TempDir(), "backup")
			copyFolder(t, backup, f.dir)
			f.put(t, "later", "two")
			f.SetFacts(item.ID, map[string]string{"serial": "1"})
			meddle(t, f, backup)
			before := listing(t, filepath.Dir(f.dir))

			_, put := f.Put(Item{Name: "lost", Kind: KindTOTP}, []byte("three"))
			_, replace := f.Put(item, []byte("four"))
			_, slot := f.AddSlot(SlotSpec{Kind: SlotRecovery, Recipient: f.keychain.(*age.X25519Identity).Recipient()})
			for what, err := range map[string]error{
				"Put": put, "Put again": replace, "AddSlot": slot, "Remove": f.Remove(item.ID),
				"Rename":     f.Rename(item.ID, "mobile"),
				"RemoveSlot": f.RemoveSlot(f.Slots()[1].ID, true), "Changed": f.Changed(),
				"Unlock": f.Unlock(t.Context(), f.Slots()[0].ID, f.recovery),
			} {
				if !errors.Is(err, ErrConflict) && (what != "Unlock" || !errors.Is(err, ErrDamaged)) {
					t.Errorf("%s: %v", what, err)
				}
			}
			if after := listing(t, filepath.Dir(f.dir)); !equalFiles(after, before) {
				t.Errorf("found %v, had %v", names(after), names(before))
			}
		})
	}
}

func equalFiles(a, b map[string]string) bool {
	for name, text := range a {
		if b[name] != text {
			return false
		}
	}
	return len(a) == len(b)
}

func names(files map[string]string) (all []string) {
	for name := range files {
		all = append(all, name)
	}
	return all
}

// Two processes may both believe that the vault is theirs, once the lock was removed.
func TestVaultWhoseLockWasRemovedIsNotWrittenByTwo(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	f.put(t, "phone", "one")
	takeLock := func() *Vault {
		t.Helper()
		if err := os.Remove(filepath.Join(f.dir, lockFile)); err != nil {
			t.Fatal(err)
		}
		v, err := Open(f.dir, f.opts)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}

	second := takeLock()
	_, err := f.Put(Item{Name: "ours", Kind: KindTOTP}, nil)
	wantError(t, err, ErrBusy)
	if err := second.Unlock(t.Context(), second.Slots()[0].ID, f.recovery); err != nil {
		t.Fatal(err)
	}
	theirs, err := second.Put(Item{Name: "theirs", Kind: KindTOTP}, []byte("two"))
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = f.Put(Item{Name: "ours", Kind: KindTOTP}, nil)
	wantError(t, err, ErrConflict)
	f.reopen(t)
	f.unlock(t)
	if got := f.read(t, theirs.ID); got != "two" {
		t.Errorf("what the other wrote is %q", got)
	}

	// When nobody wrote meanwhile, the lock is taken anew, and held.
	if err := takeLock().Close(); err != nil {
		t.Fatal(err)
	}
	f.put(t, "ours", "three")
	_, err = Open(f.dir, f.opts)
	wantError(t, err, ErrBusy)
}

// A file that somebody put in the place of an item's is refused when the item is
// read; when the item goes, the file stays, under a name that nobody sweeps away.
func TestForeignFileOfAnItemIsKeptAside(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	item := f.put(t, "phone", "one")
	if err := os.WriteFile(filepath.Join(f.dir, item.File()), []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := f.Read(item.ID)
	wantError(t, err, ErrDamaged)
	if err := f.Remove(item.ID); err != nil {
		t.Fatal(err)
	}
	f.reopen(t)
	f.unlock(t)
	if got, err := os.ReadFile(filepath.Join(f.dir, item.File()+keptSuffix)); string(got) != "theirs" {
		t.Errorf("kept %q, %v", got, err)
	}
}

// What a reader misses is not damage when the whole vault is another.
func TestReaderIsToldOfAnotherVault(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	backup := filepath.Join(t.TempDir(), "backup")
	copyFolder(t, backup, f.dir)
	item := f.put(t, "phone", "one")
	copyFolder(t, f.dir, backup)
	_, err := f.Read(item.ID)
	wantError(t, err, ErrConflict)
}

// meddled is a disk on which something happens right before a vault.json counts.
type meddled struct {
	durable.FS
	before func()
}

func (m *meddled) Rename(from, to string) error {
	if before := m.before; before != nil && filepath.Base(to) == manifestFile {
		m.before = nil
		before()
	}
	return m.FS.Rename(from, to)
}

// Who removes the lock again and again finds no moment in which two change the
// vault at once: of two changes that count, none is lost.
func TestLockThatGoesWhileAChangeIsWrittenLosesNothing(t *testing.T) {
	disk := &meddled{FS: durable.OS}
	f := newFixture(t, Options{Hold: -1, FS: disk})
	removeLock := func() {
		if err := os.Remove(filepath.Join(f.dir, lockFile)); err != nil {
			t.Error(err)
		}
	}
	open := func() *Vault {
		removeLock()
		other, err := Open(f.dir, Options{Hold: -1, HighWater: f.opts.HighWater})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = other.Close() })
		return other
	}
	slot := f.Slots()[1].ID // the keychain's
	other, late := open(), open()
	if err := other.Unlock(t.Context(), slot, f.keychain); err != nil {
		t.Fatal(err)
	}
	removeLock()
	disk.before = func() {
		removeLock()
		if _, err := other.Put(Item{Name: "theirs", Kind: KindTOTP}, []byte("two")); !errors.Is(err, ErrBusy) {
			t.Errorf("a second change at the same moment: got %v", err)
		}
		if err := late.Unlock(t.Context(), slot, f.keychain); !errors.Is(err, ErrBusy) { // which sweeps
			t.Errorf("an unlock at that moment: got %v", err)
		}
	}
	f.put(t, "ours", "one")
	if disk.before != nil {
		t.Fatal("nothing was written")
	}
	if report := f.Verify(); len(report.Faults) > 0 || report.Items != 1 {
		t.Errorf("the vault has %+v", report)
	}
}
