package proctest

import (
	"testing"

	"golang.org/x/sys/unix"
)

// ReadOnly lets a folder be seen at another path, which may be the same, until the
// test ends: read-only there, until writable is called. It takes [Root].
func ReadOnly(t testing.TB, dir, at string) (writable func()) {
	t.Helper()
	Root(t)
	if err := unix.Mount(dir, at, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(at, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	remount := func(flags uintptr) {
		if err := unix.Mount("", at, "", unix.MS_BIND|unix.MS_REMOUNT|flags, ""); err != nil {
			t.Fatal(err)
		}
	}
	remount(unix.MS_RDONLY)
	return func() { remount(0) }
}
