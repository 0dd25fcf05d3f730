package keystore

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/mfad/mfad/agent/prompt/screentest"
)

// TestAgeOpensAPassphraseSlot types the passphrase on a terminal of its own,
// which is the only place where age asks for one. The slot has the work that
// mfad writes, not the lower one of other tests; with -short it has theirs.
func TestAgeOpensAPassphraseSlot(t *testing.T) {
	if !testing.Short() {
		defer func(n int) { scryptLogN = n }(scryptLogN)
		scryptLogN = 18
	}
	f := newFixture(t, Options{Hold: -1})
	slot, err := f.AddSlot(passphraseSpec(t, "correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	item := f.put(t, "phone", "one")

	screen := screentest.New(t)
	id := filepath.Join(t.TempDir(), "id.txt")
	cmd := ageCommand(t, "age", "-d", "-o", id, filepath.Join(f.dir, slot.File()))
	cmd.Stdin = screen.TTY
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	screen.Expect("passphrase")
	screen.SendUnseen("correct horse\n")
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := string(run(t, ageCommand(t, "age", "-d", "-i", id, filepath.Join(f.dir, item.File())))); got != "one" {
		t.Errorf("age reads %q", got)
	}
}
