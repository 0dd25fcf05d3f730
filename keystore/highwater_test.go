package keystore

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRolledBackVaultIsRefused(t *testing.T) {
	high := filepath.Join(t.TempDir(), "mark")
	x := newTamper(t, Options{HighWater: high})
	backup := filepath.Join(t.TempDir(), "backup")
	if err := os.CopyFS(backup, os.DirFS(x.dir)); err != nil {
		t.Fatal(err)
	}
	restore := func(from string) {
		if err := errors.Join(os.RemoveAll(x.dir), os.CopyFS(x.dir, os.DirFS(from))); err != nil {
			t.Fatal(err)
		}
	}
	x.reopen(t)
	x.unlock(t)
	later := x.put(t, "later", "three")
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}

	restore(backup)
	err := x.use(t)
	wantError(t, err, ErrRolledBack)
	if !strings.Contains(err.Error(), "generation 4 and 5 was seen") {
		t.Errorf("the error does not tell the generations: %v", err)
	}

	// Another vault in its place, made for the same unlocker.
	other := newFixture(t, Options{})
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	restore(other.dir)
	wantError(t, x.use(t), ErrRolledBack)

	// A mark that is removed refuses nothing; that there was none is told.
	if err := os.Remove(high); err != nil {
		t.Fatal(err)
	}
	restore(backup)
	x.write(t, later.File(), []byte("what a younger vault.json names"))
	x.reopen(t)
	if missing, written := x.Unmarked(); !missing || written.IsZero() {
		t.Errorf("without a mark: %v, %v", missing, written)
	}
	x.unlock(t)
	if got, err := os.ReadFile(high); err != nil || !bytes.Equal(got, mark{x.Recipient(), 4}.encode()) {
		t.Errorf("the mark is %q, %v", got, err)
	}
	x.reopen(t)
	if missing, _ := x.Unmarked(); missing {
		t.Error("there is a mark, and it is not seen")
	}
}

// A backup that the person restores becomes the newest vault, and nothing that was
// there after it can take its place unnoticed; its files are not lost either.
func TestRestoredVaultIsTheNewestOnceAccepted(t *testing.T) {
	high := filepath.Join(t.TempDir(), "mark")
	x := newTamper(t, Options{HighWater: high})
	backup, newest := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "newest")
	copyFolder(t, backup, x.dir)
	x.reopen(t)
	x.unlock(t)
	later := x.put(t, "later", "three")
	x.put(t, "last", "four")
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	copyFolder(t, newest, x.dir)
	copyFolder(t, x.dir, backup)
	left := x.file(t, x.items[0].File())
	x.write(t, later.File(), left)

	x.opts.Restored = true
	v, err := Open(x.dir, x.opts)
	if err != nil {
		t.Fatal(err)
	}
	x.Vault = v
	if got, _ := os.ReadFile(high); !bytes.Equal(got, mark{x.Recipient(), 6}.encode()) {
		t.Errorf("nobody has unlocked it, and the mark is %q", got)
	}
	x.unlock(t)
	if got := x.Generation(); got != 7 {
		t.Errorf("the accepted vault is of generation %d, want one after all that were seen", got)
	}
	if got := x.file(t, later.File()+keptSuffix); !bytes.Equal(got, left) {
		t.Error("the file of a later item is not kept")
	}
	if got := x.read(t, x.items[0].ID); got != "one" {
		t.Errorf("read %q", got)
	}
	if r := x.Verify(); len(r.Faults) > 0 {
		t.Errorf("faults %v", r.Faults)
	}
	x.opts.Restored = false
	x.reopen(t)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	copyFolder(t, x.dir, newest)
	wantError(t, x.use(t), ErrRolledBack)
}

// A mark of another vault refuses this one, however young it is.
func TestForeignVaultOfAHigherGenerationIsRefused(t *testing.T) {
	high := filepath.Join(t.TempDir(), "mark")
	x := newTamper(t, Options{HighWater: high})
	other := newFixture(t, Options{})
	if err := os.WriteFile(high, mark{other.Recipient(), x.Generation() - 1}.encode(), 0o600); err != nil {
		t.Fatal(err)
	}
	wantError(t, x.use(t), ErrRolledBack)
}

func TestMarkThatCannotBeReadRefuses(t *testing.T) {
	high := filepath.Join(t.TempDir(), "mark")
	x := newTamper(t, Options{HighWater: high})
	good := string(mark{x.Recipient(), 1}.encode())
	write := func(text string, mode os.FileMode) error {
		return errors.Join(os.RemoveAll(high), os.WriteFile(high, []byte(text), 0o600), os.Chmod(high, mode))
	}
	if err := errors.Join(write(good, 0o600), x.use(t)); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func() error{
		"empty":                   func() error { return write("", 0o600) },
		"garbage":                 func() error { return write("x", 0o600) },
		"no age recipient":        func() error { return write("age1 99\n", 0o600) },
		"no generation":           func() error { return write(x.Recipient(), 0o600) },
		"negative":                func() error { return write(x.Recipient()+" -1\n", 0o600) },
		"zero before the number":  func() error { return write(x.Recipient()+" 01\n", 0o600) },
		"more behind it":          func() error { return write(good+good, 0o600) },
		"long":                    func() error { return write(strings.Repeat("x", 1<<16), 0o600) },
		"unreadable":              func() error { return write(good, 0) },
		"written by others":       func() error { return write(good, 0o666) },
		"link to nothing":         func() error { return errors.Join(os.Remove(high), os.Symlink("missing", high)) },
		"link to what has no end": func() error { return errors.Join(os.Remove(high), os.Symlink("/dev/zero", high)) },
		"folder":                  func() error { return errors.Join(os.Remove(high), os.Mkdir(high, 0o700)) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if err := x.use(t); !errors.Is(err, ErrUnmarked) || !strings.Contains(err.Error(), high) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Who says that the vault is the right one gets a mark that is good.
	if err := write("x", 0o600); err != nil {
		t.Fatal(err)
	}
	x.opts.Restored = true
	if err := x.use(t); err != nil {
		t.Fatal(err)
	}
	x.opts.Restored = false
	if err := x.use(t); err != nil {
		t.Error(err)
	}
}
