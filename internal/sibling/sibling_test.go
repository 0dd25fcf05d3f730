//go:build unix

package sibling_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mfad/mfad/internal/sibling"
)

func newProgram(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(path) })
}

func TestSiblingIsBesideUsOrElseInPath(t *testing.T) {
	const name = "mfad-sibling-of-the-test"
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", t.TempDir())
	if path, err := sibling.Find(name); err == nil || !strings.Contains(err.Error(), "neither beside "+self+" nor in PATH") {
		t.Errorf("found %q, %v", path, err)
	}
	for _, want := range []string{filepath.Join(os.Getenv("PATH"), name), filepath.Join(filepath.Dir(self), name)} {
		newProgram(t, want)
		if path, err := sibling.Find(name); err != nil || path != want {
			t.Errorf("found %q, %v, want %q", path, err, want)
		}
	}
}
