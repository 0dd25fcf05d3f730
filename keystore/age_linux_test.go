package keystore

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// openPty returns both ends of a new terminal.
func openPty(t *testing.T) (master, terminal *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = master.Close() })
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	return master, terminal
}

// TestAgeOpensAPassphraseSlot types the passphrase on a terminal of its own,
// which is the only place where age asks for one. The slot has the work that
// mfad writes, not the lower one of other tests.
func TestAgeOpensAPassphraseSlot(t *testing.T) {
	defer func(n int) { scryptLogN = n }(scryptLogN)
	scryptLogN = 18
	f := newFixture(t, Options{Hold: -1})
	slot, err := f.AddSlot(passphraseSpec(t, "correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	item := f.put(t, "phone", "one")

	master, terminal := openPty(t)
	id := filepath.Join(t.TempDir(), "id.txt")
	cmd := ageCommand(t, "age", "-d", "-o", id, filepath.Join(f.dir, slot.File()))
	cmd.Stdin = terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	awaitPrompt(t, master)
	if _, err := io.WriteString(master, "correct horse\n"); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := string(run(t, ageCommand(t, "age", "-d", "-i", id, filepath.Join(f.dir, item.File())))); got != "one" {
		t.Errorf("age reads %q", got)
	}
}

// awaitPrompt reads until age has turned the echo off and asks: what is typed
// before would be thrown away.
func awaitPrompt(t *testing.T, master *os.File) {
	t.Helper()
	var seen []byte
	for buf := make([]byte, 256); !bytes.Contains(seen, []byte("passphrase")); {
		n, err := master.Read(buf)
		if err != nil {
			t.Fatalf("age asked nothing: %v; %q", err, seen)
		}
		seen = append(seen, buf[:n]...)
	}
}
