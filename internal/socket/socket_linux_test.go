package socket_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
	dir, err := os.MkdirTemp("", "mfad")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
