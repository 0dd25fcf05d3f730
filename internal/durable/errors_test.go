package durable_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/durable/faultfs"
)

// broken is a disk on which some calls fail.
type broken struct {
	durable.FS
	remove, lstat, chmod error
}

func (b broken) Remove(name string) error {
	if b.remove != nil {
		return b.remove
	}
	return b.FS.Remove(name)
}

func (b broken) Lstat(name string) (fs.FileInfo, error) {
	if b.lstat != nil {
		return nil, b.lstat
	}
	return b.FS.Lstat(name)
}

func (b broken) OpenFile(name string, flag int, perm fs.FileMode) (durable.File, error) {
	f, err := b.FS.OpenFile(name, flag, perm)
	if err == nil && b.chmod != nil {
		f = brokenFile{f, b.chmod}
	}
	return f, err
}

type brokenFile struct {
	durable.File
	chmod error
}

func (f brokenFile) Chmod(fs.FileMode) error { return f.chmod }

func TestFileWithAnotherModeIsNotPutInPlace(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(name, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := durable.WriteFile(broken{FS: durable.OS, chmod: syscall.EPERM}, name, []byte("new"), 0o640)
	if got := read(t, name); !errors.Is(err, syscall.EPERM) || got != "old" {
		t.Errorf("found %q after %v", got, err)
	}
}

func TestCleanTellsWhatItCouldNotRemove(t *testing.T) {
	for cause, want := range map[error]error{fs.ErrNotExist: nil, syscall.EIO: syscall.EIO} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, ".a.1.mfad-tmp"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := durable.Clean(broken{FS: durable.OS, remove: cause}, dir); !errors.Is(err, want) {
			t.Errorf("%v: %v", cause, err)
		}
	}
}

func TestFolderThatCannotBeMadeIsAnError(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		fsys durable.FS
		path string
		want error
	}{
		"below a file":        {durable.OS, filepath.Join(file, "a"), syscall.ENOTDIR},
		"that is a file":      {durable.OS, file, syscall.ENOTDIR},
		"on a broken disk":    {broken{FS: durable.OS, lstat: syscall.EIO}, filepath.Join(dir, "a"), syscall.EIO},
		"where nothing is":    {broken{FS: durable.OS, lstat: fs.ErrNotExist}, filepath.Join(dir, "a"), fs.ErrNotExist},
		"that is there":       {durable.OS, dir, nil},
		"that is not yet":     {durable.OS, filepath.Join(dir, "b", "c"), nil},
		"below what was made": {durable.OS, filepath.Join(dir, "b", "c", "d"), nil},
	} {
		if err := durable.MkdirAll(row.fsys, row.path, 0o700); !errors.Is(err, row.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWritableLeavesNothingAndTellsWhyNot(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a")
	good := faultfs.New()
	if err := durable.Writable(good, name); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); len(left) > 0 || err != nil {
		t.Errorf("left %v, %v", left, err)
	}
	for step := 1; step <= good.Steps(); step++ {
		fsys := faultfs.New()
		fsys.Arm(faultfs.Fault{Step: step, Err: syscall.ENOSPC})
		if err := durable.Writable(fsys, name); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("step %d: %v", step, err)
		}
	}
	if err := durable.Writable(durable.OS, filepath.Join(dir, "missing", "a")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a missing folder: %v", err)
	}
}

func TestMissingFolderIsAnError(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	if err := durable.OS.SyncDir(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("synced: %v", err)
	}
	if err := durable.OS.SyncDir(filepath.Dir(missing)); err != nil {
		t.Error(err)
	}
	if l, err := durable.TryLock(filepath.Join(missing, "lock")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("locked: %+v, %v", l, err)
	}
}
