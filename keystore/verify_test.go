package keystore

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestYoungerFilesAreKeptAndReported has a vault.json rolled back and no mark:
// the files that the younger one names must not be swept away.
func TestYoungerFilesAreKeptAndReported(t *testing.T) {
	x := newTamper(t, Options{})
	young := Item{ID: "totp-younger", Written: 9}.File()
	leftover := Item{ID: "totp-leftover", Written: x.Generation() + 1}.File()
	foreign := itemsDir + "/README.age"
	for _, rel := range []string{young, leftover, foreign} {
		x.write(t, rel, []byte("x"))
	}
	x.reopen(t)
	x.unlock(t)
	if r := x.Verify(); len(r.Faults) != 1 || !strings.Contains(r.Faults[0], young) {
		t.Errorf("faults %v", r.Faults)
	}
	for rel, want := range map[string]bool{young: true, leftover: false, foreign: true} {
		if _, err := os.Stat(filepath.Join(x.dir, rel)); (err == nil) != want {
			t.Errorf("%s: %v", rel, err)
		}
	}
}

func TestVerifyReportsEachFault(t *testing.T) {
	high := filepath.Join(t.TempDir(), "mark")
	f := newFixture(t, Options{Hold: -1, HighWater: high})
	item := f.put(t, "phone", "one")
	for _, rel := range []string{item.File(), f.Slots()[0].File(), manifestFile} {
		if err := os.WriteFile(filepath.Join(f.dir, rel), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f.Lock()
	if r := f.Verify(); len(r.Faults) != 3 || r.Decrypted {
		t.Errorf("locked: %+v", r)
	}

	// A folder where the mark should be: the change stands, and Verify tells.
	f = newFixture(t, Options{Hold: -1, HighWater: high})
	if err := errors.Join(os.Remove(high), os.MkdirAll(filepath.Join(high, "x"), 0o700)); err != nil {
		t.Fatal(err)
	}
	f.put(t, "phone", "one")
	if r := f.Verify(); len(r.Faults) != 1 || !strings.Contains(r.Faults[0], "go unnoticed") {
		t.Errorf("without a mark: %+v", r)
	}
}
