package socket_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/mfad/mfad/internal/proctest"
	"github.com/mfad/mfad/internal/socket"
)

func TestCheck(t *testing.T) {
	sound := func(t *testing.T) string {
		path := filepath.Join(folder(t), "agent.sock")
		ln, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = ln.Close() })
		return path
	}
	if err := socket.Check(sound(t)); err != nil {
		t.Errorf("a sound one: %v", err)
	}
	for _, row := range []struct {
		name  string
		spoil func(path string) error
		want  string
	}{
		{"in an open folder", func(path string) error { return os.Chmod(filepath.Dir(path), 0o701) }, "run chmod 700"},
		{"a file", func(path string) error { return errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o600)) }, "is not a socket: remove it"},
		{"a symbolic link", func(path string) error {
			return errors.Join(os.Rename(path, path+"2"), os.Symlink(path+"2", path))
		}, "is not a socket: remove it"},
		{"missing", os.Remove, "no such file"},
		{"a stranger's", giveAway, "is owned by uid 64999"},
		{"in a stranger's folder", func(path string) error { return giveAway(filepath.Dir(path)) }, "is owned by uid 64999"},
		{"in a missing folder", func(path string) error { return os.RemoveAll(filepath.Dir(path)) }, "no such file"},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := sound(t)
			if err := row.spoil(path); errors.Is(err, fs.ErrPermission) {
				return // only root can give a file away
			} else if err != nil {
				t.Fatal(err)
			}
			err := socket.Check(path)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v", err)
			}
			if missing := strings.Contains(row.name, "missing"); errors.Is(err, fs.ErrNotExist) != missing {
				t.Errorf("not there: %v", !missing)
			}
		})
	}
}

func giveAway(path string) error { return os.Lchown(path, 64999, 64999) }

// folder is a new one whose name is short enough for a socket's path.
func folder(t *testing.T) string {
	t.Helper()
	return proctest.Folder(t)
}

func TestFolderIsOursAndClosed(t *testing.T) {
	sound := func(t *testing.T) string { return filepath.Join(folder(t), "mfad") }
	for _, row := range []struct {
		name string
		put  func(dir string) error
		want string // empty: it is sound
	}{
		{"ours and closed", func(dir string) error { return os.Mkdir(dir, 0o700) }, ""},
		{"missing", func(string) error { return nil }, "no such file"},
		{"a file", func(dir string) error { return os.WriteFile(dir, nil, 0o600) }, "is not a folder"},
		{"a link", func(dir string) error { return errors.Join(os.Mkdir(dir+"2", 0o700), os.Symlink(dir+"2", dir)) }, "is a symbolic link"},
		{"open to the group", func(dir string) error { return errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, 0o710)) }, "(mode 0710): run chmod 700"},
		{"open, of a short mode", func(dir string) error { return errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, 0o007)) }, "(mode 0007)"},
	} {
		dir := sound(t)
		if err := row.put(dir); err != nil {
			t.Fatal(err)
		}
		err := socket.CheckFolder(dir)
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

func TestPathThatIsTooLongIsRefused(t *testing.T) {
	longest := 0
	for n := range 200 {
		if err := socket.CheckLength(strings.Repeat("x", n)); err == nil {
			longest = n
		} else if !strings.Contains(err.Error(), "is "+strconv.Itoa(n)+" bytes long") {
			t.Error(err)
		}
	}
	dir := folder(t)
	for n, fits := range map[int]bool{longest: true, longest + 1: false} {
		path := filepath.Join(dir, strings.Repeat("x", n-len(dir)-1))
		ln, err := net.Listen("unix", path)
		if err == nil {
			_ = ln.Close()
		}
		if (err == nil) != fits {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}
