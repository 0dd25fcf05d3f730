//go:build unix

package owner_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"golang.org/x/sys/unix"

	"github.com/mfad/mfad/internal/owner"
	"github.com/mfad/mfad/internal/proctest"
)

func TestRisksNameWhoElseCanChangeAFile(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "home")
	file := filepath.Join(dir, "config")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(file, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	found := func() (risks []string) {
		for _, risk := range owner.Risks(file) {
			if len(risk) > len(root) && risk[:len(root)] == root {
				risks = append(risks, risk[len(root):])
			}
		}
		return risks
	}
	for _, c := range []struct {
		dir, file os.FileMode
		want      []string
	}{
		{0o755, 0o644, nil},
		{0o777, 0o600, []string{"/home can be written by others (mode 0777)"}},
		{0o775, 0o600, []string{"/home can be written by others (mode 0775)"}},
		{0o777 | os.ModeSticky, 0o600, nil},
		{0o700, 0o662, []string{"/home/config can be written by others (mode 0662)"}},
	} {
		if err := errors.Join(os.Chmod(dir, c.dir), os.Chmod(file, c.file)); err != nil {
			t.Fatal(err)
		}
		if got := found(); !slices.Equal(got, c.want) {
			t.Errorf("%v, %v: %q, want %q", c.dir, c.file, got, c.want)
		}
	}
	if err := os.Chown(file, 65534, -1); err == nil {
		if got, want := found(), []string{"/home/config belongs to another user (uid 65534)"}; !slices.Equal(got, want) {
			t.Errorf("of another user: %q", got)
		}
	}
}

// A link is as safe as what it leads to, and what is not there yet as the folders
// that it will be in.
func TestRisksAreThoseOfTheRealPlace(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	open, link := filepath.Join(root, "open"), filepath.Join(root, "link")
	if err := errors.Join(os.Mkdir(open, 0o700), os.Chmod(open, 0o777), os.WriteFile(filepath.Join(open, "config"), nil, 0o600),
		os.Symlink(filepath.Join(open, "config"), link)); err != nil {
		t.Fatal(err)
	}
	want := open + " can be written by others (mode 0777)"
	for _, path := range []string{link, filepath.Join(open, "config"), filepath.Join(open, "missing")} {
		risks := owner.Risks(path)
		if !slices.Contains(risks, want) || slices.Contains(risks, "") {
			t.Errorf("%s: %q", path, risks)
		}
	}
	if risks := owner.Risks(filepath.Join(root, "missing")); slices.Contains(risks, want) {
		t.Errorf("beside: %q", risks)
	}
}

func TestAnotherUsersFileIsForeign(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if uid, foreign := owner.Foreign(stat(t, file)); foreign || uid != os.Getuid() {
		t.Errorf("our own: uid %d, foreign %t", uid, foreign)
	}
	nowhere, err := fs.Stat(fstest.MapFS{"config": {}}, "config")
	if err != nil {
		t.Fatal(err)
	}
	if uid, foreign := owner.Foreign(nowhere); foreign || uid != 0 {
		t.Errorf("one of no owner: uid %d, foreign %t", uid, foreign)
	}
	if err := os.Chown(file, 1, -1); err != nil {
		return // only root can give a file away
	}
	if uid, foreign := owner.Foreign(stat(t, file)); !foreign || uid != 1 {
		t.Errorf("another's: uid %d, foreign %t", uid, foreign)
	}
	if risks := owner.Risks(file); !slices.Contains(risks, file+" belongs to another user (uid 1)") {
		t.Errorf("its risks: %q", risks)
	}
}

func TestModeTellsWhoGetsIn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		mode                       os.FileMode
		open, writable, unreadable bool
	}{
		{0o600, false, false, false},
		{0o700, false, false, false},
		{0o640, true, false, false},
		{0o601, true, false, false},
		{0o620, true, true, false},
		{0o602, true, true, false},
		{0o200, false, false, true},
		{0o044, true, false, true},
	} {
		if err := os.Chmod(file, c.mode); err != nil {
			t.Fatal(err)
		}
		info := stat(t, file)
		if owner.OpenToOthers(info) != c.open || owner.WritableByOthers(info) != c.writable || owner.Unreadable(info) != c.unreadable {
			t.Errorf("%04o: open %t, writable %t, unreadable %t", c.mode,
				owner.OpenToOthers(info), owner.WritableByOthers(info), owner.Unreadable(info))
		}
	}
}

func TestUnusableSaysWhatKeepsUsFromReading(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := errors.Join(os.WriteFile(at("sound"), nil, 0o600), os.WriteFile(at("closed"), nil, 0o600), os.Chmod(at("closed"), 0o200),
		os.Symlink("nothing", at("dangling")), os.Symlink("sound", at("to sound")), os.Symlink("closed", at("to closed")),
		os.Symlink("round", at("round"))); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"sound": "", "to sound": "", "missing": "", "round": "",
		"closed":    at("closed") + " has the mode 0200, and cannot be read",
		"to closed": at("to closed") + " has the mode 0200, and cannot be read",
		"dangling":  at("dangling") + " is a link to nothing, which does not exist",
	} {
		if got := owner.Unusable(at(name)); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestKindIsInWords(t *testing.T) {
	dir := proctest.Folder(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	listener, err := net.Listen("unix", at("socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if err := errors.Join(os.WriteFile(at("file"), nil, 0o600), os.Symlink("file", at("link")),
		unix.Mkfifo(at("pipe"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		at("file"): "a file", dir: "a folder", at("link"): "a link", at("pipe"): "a pipe", at("socket"): "a socket",
		os.DevNull: "a device",
	} {
		if got := owner.Kind(stat(t, path)); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

func stat(t *testing.T, path string) fs.FileInfo {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}
