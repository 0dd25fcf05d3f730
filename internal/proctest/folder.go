package proctest

import (
	"os"
	"testing"
)

// Folder is a new folder, closed to others, that goes with the test. Its name is
// short, unlike that of t.TempDir: the path of a socket has 108 bytes at most
// (unix(7)).
func Folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mfad")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
