package durable_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/proctest"
)

// Who can only read shares the lock with readers, and with no writer, and gets it
// whole once the disk can be written and the others are gone.
func TestReadersShareALock(t *testing.T) {
	dir := t.TempDir()
	at := t.TempDir()
	writable := proctest.ReadOnly(t, dir, at)
	inside, outside := filepath.Join(dir, "lock"), filepath.Join(at, "lock")
	writer, err := durable.TryLockOrShare(inside)
	if err != nil || writer.Shared() {
		t.Fatalf("the writer shares: %t, %v", writer.Shared(), err)
	}
	if l, err := durable.TryLockOrShare(outside); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("beside a writer: %+v, %v", l, err)
	}
	if l, err := durable.TryLock(outside); !durable.CannotWrite(err) {
		t.Errorf("as a writer, on the disk that can be read: %+v, %v", l, err)
	}
	if err := errors.Join(writer.Unlock(), writer.Unlock()); err != nil {
		t.Fatal(err)
	}

	first, err := durable.TryLockOrShare(outside)
	second, secondErr := durable.TryLockOrShare(outside)
	if err := errors.Join(err, secondErr); err != nil || !first.Shared() || !second.Shared() {
		t.Fatalf("two readers: %v", err)
	}
	if err := first.Renew(); err != nil || !first.Shared() {
		t.Errorf("renewed, it is shared: %t, %v", first.Shared(), err)
	}
	if l, err := durable.TryLockOrShare(inside); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("a writer beside readers: %+v, %v", l, err)
	}

	writable()
	if err := first.Renew(); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("whole beside another reader: %v", err)
	}
	if err := errors.Join(second.Unlock(), first.Renew()); err != nil || first.Shared() {
		t.Errorf("alone, it is shared: %t, %v", first.Shared(), err)
	}
	if code := otherProcess(t, inside); code != 3 {
		t.Errorf("another process ended with %d, want 3: locked", code)
	}
	if err := first.Unlock(); err != nil {
		t.Fatal(err)
	}
	if code := otherProcess(t, inside); code != 0 {
		t.Errorf("afterwards another process ended with %d", code)
	}
}

// A disk that cannot be written and has no lock has no writer either.
func TestReaderNeedsNoFileToLock(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("nothing", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	at := t.TempDir()
	proctest.ReadOnly(t, dir, at)
	l, err := durable.TryLockOrShare(filepath.Join(at, "lock"))
	if err != nil || !l.Shared() {
		t.Fatalf("got %+v, %v", l, err)
	}
	if err := errors.Join(l.Renew(), l.Unlock()); err != nil {
		t.Error(err)
	}
	if _, err := durable.TryLockOrShare(filepath.Join(at, "link")); err == nil || !strings.Contains(err.Error(), "a link to a file that does not exist") {
		t.Errorf("a link to nothing: %v", err)
	}
}
