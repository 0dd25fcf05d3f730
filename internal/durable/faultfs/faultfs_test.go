package faultfs_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/durable/faultfs"
)

// write is what a careless store does: no temporary file, and syncs as told.
func write(fsys durable.FS, name, text string, sync bool) error {
	f, err := fsys.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(text))
	if err == nil && sync {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func content(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return "missing"
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestPowerCutTakesWhatWasNotSynced proves that the shim catches each of the
// mistakes that it is there for.
func TestPowerCutTakesWhatWasNotSynced(t *testing.T) {
	for _, c := range []struct {
		name, want string
		act        func(fsys durable.FS, dir string) error
	}{
		{"all synced", "new", func(fsys durable.FS, dir string) error {
			return errors.Join(write(fsys, dir+"/a", "new", true), fsys.SyncDir(dir))
		}},
		{"content not synced", "old", func(fsys durable.FS, dir string) error {
			return errors.Join(write(fsys, dir+"/a", "new", false), fsys.SyncDir(dir))
		}},
		{"rename not synced", "old", func(fsys durable.FS, dir string) error {
			return errors.Join(write(fsys, dir+"/b", "new", true), fsys.Rename(dir+"/b", dir+"/a"))
		}},
		{"renamed content not synced", "", func(fsys durable.FS, dir string) error {
			return errors.Join(write(fsys, dir+"/b", "new", false), fsys.Rename(dir+"/b", dir+"/a"), fsys.SyncDir(dir))
		}},
		{"neither synced", "old", func(fsys durable.FS, dir string) error {
			return errors.Join(write(fsys, dir+"/b", "new", false), fsys.Rename(dir+"/b", dir+"/a"))
		}},
		{"removal not synced", "old", func(fsys durable.FS, dir string) error {
			return fsys.Remove(dir + "/a")
		}},
		{"removal synced", "missing", func(fsys durable.FS, dir string) error {
			return errors.Join(fsys.Remove(dir+"/a"), fsys.SyncDir(dir))
		}},
		{"folder not synced", "old", func(fsys durable.FS, dir string) error {
			return errors.Join(fsys.MkdirAll(dir+"/sub/sub", 0o700), write(fsys, dir+"/sub/sub/c", "new", true), fsys.SyncDir(dir+"/sub/sub"))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			fsys := faultfs.New()
			if err := errors.Join(write(fsys, dir+"/a", "old", true), fsys.SyncDir(dir)); err != nil {
				t.Fatal(err)
			}
			fsys.Arm(faultfs.Fault{Cut: true})
			if err := c.act(fsys, dir); err != nil {
				t.Fatal(err)
			}
			if err := fsys.Crash(); err != nil {
				t.Fatal(err)
			}
			if got := content(t, dir+"/a"); got != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
			if left, _ := os.ReadDir(dir); len(left) > 1 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestKillTearsAWriteAndEndsAllEffect(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a")
	fsys := faultfs.New()
	fsys.Arm(faultfs.Fault{Step: 2, Err: faultfs.ErrKilled})
	if err := write(fsys, name, "abcd", true); !errors.Is(err, faultfs.ErrKilled) {
		t.Errorf("the torn write: %v", err)
	}
	if err := fsys.Remove(name); !errors.Is(err, faultfs.ErrKilled) {
		t.Errorf("a call after the kill: %v", err)
	}
	if got := content(t, name); got != "ab" {
		t.Errorf("found %q", got)
	}
}

func TestFailBreaksOneStepAlone(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a")
	fsys := faultfs.New()
	fsys.Arm(faultfs.Fault{Step: 1, Err: syscall.ENOSPC})
	if err := write(fsys, name, "abcd", true); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("the failing step: %v", err)
	}
	if err := write(fsys, name, "abcd", true); err != nil {
		t.Errorf("after it: %v", err)
	}
	if steps := fsys.Steps(); steps != 5 {
		t.Errorf("%d steps, want 1 that failed, open, write, sync and close", steps)
	}
}
