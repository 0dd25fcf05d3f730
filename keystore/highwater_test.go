package keystore

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRolledBackVaultIsRefused(t *testing.T) {
	high := filepath.Join(t.TempDir(), "mark")
	x := newTamper(t, Options{HighWater: high})
	backup := filepath.Join(t.TempDir(), "backup")
	if err := os.CopyFS(backup, os.DirFS(x.dir)); err != nil {
		t.Fatal(err)
	}
	restore := func(from string) {
		if err := errors.Join(os.RemoveAll(x.dir), os.CopyFS(x.dir, os.DirFS(from))); err != nil {
			t.Fatal(err)
		}
	}
	x.reopen(t)
	x.unlock(t)
	later := x.put(t, "later", "three")
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}

	restore(backup)
	err := x.use(t)
	wantError(t, err, ErrRolledBack)
	if !strings.Contains(err.Error(), high) {
		t.Errorf("the error does not say what to do: %v", err)
	}

	// Another vault in its place, made for the same unlocker.
	other := newFixture(t, Options{})
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	restore(other.dir)
	wantError(t, x.use(t), ErrRolledBack)

	// The person who knows what they do removes the mark.
	if err := os.Remove(high); err != nil {
		t.Fatal(err)
	}
	restore(backup)
	x.write(t, later.File(), []byte("what a younger vault.json names"))
	if err := x.use(t); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(high); err != nil || !bytes.Equal(got, mark{x.Recipient(), 4}.encode()) {
		t.Errorf("the mark is %q, %v", got, err)
	}
}

func TestGarbledMarkRefusesNothing(t *testing.T) {
	high := filepath.Join(t.TempDir(), "mark")
	x := newTamper(t, Options{HighWater: high})
	for _, garbage := range []string{"", "x", "age1 99", x.Recipient(), x.Recipient() + " -1\n", strings.Repeat("x", 1<<16)} {
		if err := os.WriteFile(high, []byte(garbage), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := x.use(t); err != nil && garbage != "age1 99" {
			t.Errorf("mark %.20q: %v", garbage, err)
		}
	}
}
