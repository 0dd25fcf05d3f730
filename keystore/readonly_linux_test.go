package keystore

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mfad/mfad/internal/proctest"
)

// A vault on a disk that can only be read serves what reads, to as many as like, and
// refuses what writes by a name of its own.
func TestVaultOnAReadOnlyDiskCanBeRead(t *testing.T) {
	for name, spoil := range map[string]func(dir string) error{
		"as it was":        func(string) error { return nil },
		"without its lock": func(dir string) error { return os.Remove(filepath.Join(dir, lockFile)) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, Options{Hold: -1})
			item := f.put(t, "phone", "one")
			at := t.TempDir()
			proctest.ReadOnly(t, f.dir, at)
			_, err := Open(at, f.opts)
			wantError(t, err, ErrBusy) // who writes keeps readers out too

			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			if err := spoil(f.dir); err != nil {
				t.Fatal(err)
			}
			other, err := Open(at, f.opts)
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			f.dir = at
			f.reopen(t)
			f.unlock(t)
			if got := f.read(t, item.ID); got != "one" {
				t.Errorf("read %q", got)
			}
			if r := f.Verify(); len(r.Faults) > 0 || !r.Decrypted {
				t.Errorf("verified: %+v", r)
			}
			_, err = f.Put(Item{Name: "new", Kind: KindTOTP}, nil)
			wantError(t, err, ErrReadOnly)
			wantError(t, f.Remove(item.ID), ErrReadOnly)

			// Mounted for writing again, it is written to once the other is gone.
			if err := unix.Mount("", at, "", unix.MS_BIND|unix.MS_REMOUNT, ""); err != nil {
				t.Fatal(err)
			}
			if err := other.Close(); err != nil {
				t.Fatal(err)
			}
			f.put(t, "new", "two")
		})
	}
}

func TestFolderOfAnotherUserIsRefused(t *testing.T) {
	const nobody = 65534
	f := newFixture(t, Options{})
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(f.dir, link); err != nil {
		t.Fatal(err)
	}
	v, err := Open(link, f.opts) // a link is fine
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	proctest.Root(t)
	if err := os.Chown(f.dir, nobody, -1); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{f.dir, link} {
		_, err := Open(dir, f.opts)
		wantError(t, err, ErrForeign)
	}
}
