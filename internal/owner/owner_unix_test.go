//go:build unix

package owner_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mfad/mfad/internal/owner"
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
