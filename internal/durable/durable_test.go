package durable_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/durable/faultfs"
)

// lockVariable makes this program the other process that wants a lock.
const lockVariable = "MFAD_TEST_LOCK"

func TestMain(m *testing.M) {
	if name := os.Getenv(lockVariable); name != "" {
		_, err := durable.TryLock(name)
		if errors.Is(err, durable.ErrLocked) {
			os.Exit(3)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(b)
}

// TestWriteFileLeavesOldOrNew breaks every step, of a first write and of a
// replacement, in every way.
func TestWriteFileLeavesOldOrNew(t *testing.T) {
	for _, old := range []string{"", "old"} {
		fsys := faultfs.New()
		if err := durable.WriteFile(fsys, filepath.Join(t.TempDir(), "a"), []byte("new"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, fault := range faultfs.Every(fsys.Steps()) {
			dir := t.TempDir()
			name := filepath.Join(dir, "a")
			fsys := faultfs.New()
			if old != "" {
				if err := durable.WriteFile(fsys, name, []byte(old), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			fsys.Arm(fault)
			err := durable.WriteFile(fsys, name, []byte("new"), 0o600)
			if crash := fsys.Crash(); crash != nil {
				t.Fatal(crash)
			}
			if got := read(t, name); got != old && got != "new" || err == nil && got != "new" {
				t.Errorf("%v: found %q after error %v", fault, got, err)
			}
			if err := durable.Clean(durable.OS, dir); err != nil {
				t.Errorf("%v: %v", fault, err)
			}
			if left, _ := os.ReadDir(dir); len(left) > 1 {
				t.Errorf("%v: left behind %v", fault, left)
			}
		}
	}
}

func TestWriteFileThatReturnsIsOnTheDisk(t *testing.T) {
	dir := t.TempDir()
	fsys := faultfs.New()
	name := filepath.Join(dir, "one", "two", "a")
	if err := durable.MkdirAll(fsys, filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := durable.WriteFile(fsys, name, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	fsys.Arm(faultfs.Fault{Cut: true})
	if err := fsys.Crash(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, name); got != "new" {
		t.Errorf("after a power cut: %q", got)
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestCleanFileRemovesTheLeftoversOfOneFile(t *testing.T) {
	dir := t.TempDir()
	for _, base := range []string{"a", "b"} {
		fsys := faultfs.New()
		fsys.Arm(faultfs.Fault{Step: 3, Err: faultfs.ErrKilled})
		if err := durable.WriteFile(fsys, filepath.Join(dir, base), []byte("x"), 0o600); !errors.Is(err, faultfs.ErrKilled) {
			t.Fatal(err)
		}
	}
	if err := durable.CleanFile(durable.OS, filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name()[:3] != ".b." {
		t.Errorf("left %v, %v", left, err)
	}
	if err := durable.Clean(durable.OS, filepath.Join(dir, "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing folder: %v", err)
	}
}

func TestLockKeepsOtherProcessesOut(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	lock, err := durable.TryLock(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := durable.TryLock(name); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("a second lock in this process: %v", err)
	}
	if code := otherProcess(t, name); code != 3 {
		t.Errorf("the other process ended with %d, want 3: locked", code)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if code := otherProcess(t, name); code != 0 {
		t.Errorf("after Unlock the other process ended with %d", code)
	}
}

func otherProcess(t *testing.T, lock string) int {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), lockVariable+"="+lock)
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

func TestAwaitLockWaitsForTheLockOrTheContext(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	synctest.Test(t, func(t *testing.T) {
		lock, err := durable.TryLock(name)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = durable.AwaitLock(ctx, name)
		if !errors.Is(err, durable.ErrLocked) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("at the deadline: %v", err)
		}
		time.AfterFunc(time.Minute, func() { _ = lock.Unlock() })
		second, err := durable.AwaitLock(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		_ = second.Unlock()
	})
}

// Clean takes the temporary files of this package, and nothing that is like them.
func TestCleanLeavesTheFilesOfOthers(t *testing.T) {
	dir := t.TempDir()
	keep := []string{"vault.json", ".vault.json", "a.mfad-tmp.age", ".b.x.mfad-tmp~", "mfad-tmp"}
	for _, name := range append(keep, ".vault.json.1x.mfad-tmp") {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := durable.Clean(durable.OS, dir); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != len(keep) {
		t.Errorf("left %v, %v", left, err)
	}
	for _, name := range keep {
		if read(t, filepath.Join(dir, name)) != "x" {
			t.Errorf("%s is gone", name)
		}
	}
}

func TestLockIsRenewedWhereItsFileWasReplaced(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	lock, err := durable.TryLock(name)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Unlock()
	if err := errors.Join(lock.Renew(), os.Remove(name), lock.Renew()); err != nil {
		t.Fatal(err)
	}
	if code := otherProcess(t, name); code != 3 {
		t.Errorf("after Renew another process ended with %d, want 3: locked", code)
	}

	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	theirs, err := durable.TryLock(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Renew(); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("another has it: %v", err)
	}
	if err := errors.Join(theirs.Unlock(), lock.Renew()); err != nil {
		t.Error(err)
	}
	if err := errors.Join(lock.Unlock(), lock.Unlock()); err != nil {
		t.Error(err)
	}
	if code := otherProcess(t, name); code != 0 {
		t.Errorf("after Unlock another process ended with %d", code)
	}
}
