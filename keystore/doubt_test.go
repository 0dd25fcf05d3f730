package keystore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/mfad/mfad/internal/durable"
)

// doubt is a disk on which the write of vault.json fails so late that it stands, or
// so oddly that something else does.
type doubt struct {
	durable.FS
	armed bool
	spoil func(name string) // called after the rename; nil: the last fsync fails
}

func (d *doubt) Rename(from, to string) error {
	err := d.FS.Rename(from, to)
	if err == nil && d.armed && d.spoil != nil && filepath.Base(to) == manifestFile {
		d.spoil(to)
		return &fs.PathError{Op: "rename", Path: to, Err: syscall.EIO}
	}
	return err
}

func (d *doubt) SyncDir(name string) error {
	_, err := os.Lstat(filepath.Join(name, manifestFile))
	if err == nil && d.armed && d.spoil == nil {
		return &fs.PathError{Op: "sync", Path: name, Err: syscall.EIO}
	}
	return d.FS.SyncDir(name)
}

// When the last fsync fails the new state counts, as it is what everybody sees; but
// a power cut may bring the old one back, so that its files stay and the mark is not
// raised. The error says so.
func TestLastFsyncThatFailsLeavesTheNewStateInDoubt(t *testing.T) {
	disk := &doubt{FS: durable.OS}
	high := filepath.Join(t.TempDir(), "mark")
	f := newFixture(t, Options{Hold: -1, FS: disk, HighWater: high})
	old := f.put(t, "phone", "one")
	marked, err := os.ReadFile(high)
	if err != nil {
		t.Fatal(err)
	}

	disk.armed = true
	_, err = f.Put(old, []byte("two"))
	if !errors.Is(err, ErrUncertain) || !errors.Is(err, syscall.EIO) {
		t.Fatalf("got %v", err)
	}
	if got := f.read(t, old.ID); got != "two" || f.Generation() != 3 {
		t.Errorf("generation %d has %q", f.Generation(), got)
	}
	if _, err := os.Stat(filepath.Join(f.dir, old.File())); err != nil {
		t.Errorf("the old file is gone: %v", err)
	}
	if now, err := os.ReadFile(high); string(now) != string(marked) {
		t.Errorf("the mark has followed: %q, %v", now, err)
	}

	disk.armed = false
	f.put(t, "later", "three")
	f.reopen(t)
	f.unlock(t)
	if got := f.read(t, old.ID); got != "two" {
		t.Errorf("opened again: %q", got)
	}
	if _, err := os.Stat(filepath.Join(f.dir, old.File())); err == nil {
		t.Error("the old file was not swept")
	}
}

// When neither the old state nor the new is found, nothing is written any more, and
// the files of both stay.
func TestStateThatIsNotKnownIsNotWrittenOver(t *testing.T) {
	for name, spoil := range map[string]func(name string){
		"gone":    func(name string) { _ = os.Remove(name) },
		"garbage": func(name string) { _ = os.WriteFile(name, []byte("x"), 0o600) },
	} {
		disk := &doubt{FS: durable.OS, spoil: spoil}
		f := newFixture(t, Options{Hold: -1, FS: disk})
		old := f.put(t, "phone", "one")
		disk.armed = true
		_, err := f.Put(old, []byte("two"))
		wantError(t, err, ErrUncertain)
		disk.armed = false
		before := listing(t, f.dir)
		for range 2 {
			_, err = f.Put(Item{Name: "later", Kind: KindTOTP}, nil)
			wantError(t, err, ErrUncertain)
		}
		if got := f.read(t, old.ID); got != "one" {
			t.Errorf("%s: what counts is %q", name, got)
		}
		after := listing(t, f.dir)
		fresh := Item{ID: old.ID, Written: old.Written + 1}.File()
		if !equalFiles(after, before) || after["/"+fresh] == "" || after["/"+old.File()] == "" {
			t.Errorf("%s: found %v, had %v", name, names(after), names(before))
		}
	}
}
