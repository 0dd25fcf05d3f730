//go:build cgo

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/mfad/mfad/agent/prompt/screentest"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/persontest"
	"github.com/mfad/mfad/token/tokentest"
	"github.com/mfad/mfad/token/tokentest/ctap"
)

// terminal opens a pseudo terminal: our end, and that of a program.
func terminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	return screentest.Open(t)
}

// atTerminal runs the stock age with a terminal at which a person types the PIN
// when a word of it comes; what the terminal showed is returned.
func atTerminal(t *testing.T, env []string, pin string, args ...string) (out []byte, shown string, err error) {
	t.Helper()
	ours, theirs := terminal(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "age", args...)
	bin := t.TempDir()
	if err := os.Symlink(house.real, filepath.Join(bin, pluginProgram)); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(env, "PATH="+bin+":"+os.Getenv("PATH"))
	var stdout bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs, &stdout, theirs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = theirs.Close()
	watched := make(chan string)
	go func() { watched <- watch(ours, pin) }()
	err = cmd.Wait()
	_ = ours.SetReadDeadline(time.Now().Add(time.Second)) // a hang-up comes first
	return stdout.Bytes(), <-watched, err
}

// watch reads a terminal to its end, and types the PIN once it is asked for.
func watch(screen *os.File, pin string) string {
	var shown strings.Builder
	buf := make([]byte, 1024)
	for typed := false; ; {
		n, err := screen.Read(buf)
		shown.Write(buf[:n])
		if err != nil {
			return shown.String()
		}
		if !typed && strings.Contains(shown.String(), "PIN of ") {
			typed = true
			unseen(screen)
			_, _ = io.WriteString(screen, pin+"\n")
		}
	}
}

// unseen waits until what is typed is not shown: a prompt comes before that.
func unseen(screen *os.File) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 5000 {
		if shown, err := screentest.Echoes(screen); err != nil || !shown {
			return
		}
		<-tick.C
	}
}

// write writes a file of the test.
func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// slot is a file as a vault's slot is: wrapped for one key.
func slot(t *testing.T, key age.Recipient) string {
	t.Helper()
	var file bytes.Buffer
	w, err := age.Encrypt(&file, key)
	if err == nil {
		_, err = io.WriteString(w, "the vault's key")
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return write(t, "slot.age", file.Bytes())
}

// opens proves that the stock age opens a slot, and what it writes itself.
func opens(t *testing.T, h *token.Helper, identity, pin string) {
	t.Helper()
	file := slot(t, token.KeyBy(t.Context(), h, identity, 0, new(persontest.Person)))
	identities := write(t, "identity.txt", []byte("# a key on a token\n"+identity+"\n"))
	out, shown, err := atTerminal(t, h.Env, pin, "-d", "-i", identities, file)
	if err != nil || string(out) != "the vault's key" {
		t.Errorf("age -d: %q, %v\n%s", out, err, shown)
	}
	if !strings.Contains(shown, "touch ") || strings.Contains(shown, pin) {
		t.Errorf("the terminal shows %q", shown)
	}
	own := filepath.Join(t.TempDir(), "own.age")
	if _, shown, err := atTerminal(t, h.Env, pin, "-e", "-i", identities, "-o", own, identities); err != nil {
		t.Fatalf("age -e: %v\n%s", err, shown)
	}
	if out, shown, err := atTerminal(t, h.Env, pin, "-d", "-i", identities, own); err != nil || !strings.Contains(string(out), identity) {
		t.Errorf("age -d of its own: %q, %v\n%s", out, err, shown)
	}
}

func TestStockAgeOpensASlotOfAPIVKey(t *testing.T) {
	h := newHelper(t)
	plug(t, 0, tokentest.YubiKeyOptions{Serial: 7})
	opens(t, h, newPIVKey(t, h).Identity, "123456")
}

func TestStockAgeOpensASlotOfAFIDO2Key(t *testing.T) {
	_, known := plugKey(t, ctap.Options{PIN: "1234"})
	h := newHelper(t, known)
	made, err := h.MakeKey(t.Context(), token.KeyParams{Kind: token.KindFIDO2, PIN: "always"}, persontest.Typing(token.FIDO2PIN, "1234"))
	if err != nil {
		t.Fatal(err)
	}
	opens(t, h, made.Identity, "1234")
}

func TestStockAgeSaysWhyASlotStaysShut(t *testing.T) {
	h := newHelper(t)
	y := plug(t, 0, tokentest.YubiKeyOptions{})
	made, other := newPIVKey(t, h), newPIVKey(t, h)
	file := slot(t, token.KeyBy(t.Context(), h, made.Identity, 0, new(persontest.Person)))
	identities := write(t, "other.txt", []byte(other.Identity+"\n"))
	if _, shown, err := atTerminal(t, h.Env, "123456", "-d", "-i", identities, file); err == nil ||
		!strings.Contains(shown, "no identity matched") {
		t.Errorf("another key: %v\n%s", err, shown)
	}
	y.SetPINRetries(0)
	identities = write(t, "identity.txt", []byte(made.Identity+"\n"))
	if _, shown, err := atTerminal(t, h.Env, "123456", "-d", "-i", identities, file); err == nil ||
		!strings.Contains(shown, token.ErrPINBlocked.Error()) {
		t.Errorf("a blocked PIN: %v\n%s", err, shown)
	}
}
