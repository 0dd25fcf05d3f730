//go:build cgo

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"filippo.io/age"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/persontest"
	"github.com/mfad/mfad/token/tokentest"
	"github.com/mfad/mfad/token/tokentest/ctap"
)

// hasty runs the stock age where there is no terminal, with a plugin that has
// little patience: this program.
func hasty(t *testing.T, env []string, args ...string) (out, errs string, err error) {
	t.Helper()
	self, err := os.Executable()
	bin := t.TempDir()
	if err := errors.Join(err, os.Symlink(self, filepath.Join(bin, pluginProgram))); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "age", args...)
	cmd.Env = append(env, "PATH="+bin+":"+os.Getenv("PATH"))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Run()
	return stdout.String(), stderr.String(), err
}

// spare makes a PIV key that asks for nothing.
func spare(t *testing.T, h *token.Helper, serial string) token.NewKey {
	t.Helper()
	p := token.KeyParams{Kind: token.KindPIV, Token: serial, PIN: "never", Touch: "never"}
	made, err := h.MakeKey(t.Context(), p, new(persontest.Person))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// both is a file that opens with either of two keys, as the vault's has it.
func both(t *testing.T, h *token.Helper, one, two string) string {
	t.Helper()
	var file bytes.Buffer
	p := new(persontest.Person)
	w, err := age.Encrypt(&file, token.KeyBy(t.Context(), h, one, 0, p), token.KeyBy(t.Context(), h, two, 0, p))
	if err == nil {
		_, err = w.Write([]byte("open"))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return write(t, "both.age", file.Bytes())
}

func TestStockAgeGoesOnToTheTokenThatIsThere(t *testing.T) {
	key, known := plugKey(t, ctap.Options{})
	h := newHelper(t, known)
	fido, err := h.MakeKey(t.Context(), token.KeyParams{Kind: token.KindFIDO2}, new(persontest.Person))
	if err != nil {
		t.Fatal(err)
	}
	plug(t, 0, tokentest.YubiKeyOptions{Serial: 7})
	plug(t, 1, tokentest.YubiKeyOptions{Serial: 8})
	lost, kept := spare(t, h, "7").Identity, spare(t, h, "8").Identity
	pull(t, 0)
	for _, row := range []struct{ absent, says string }{
		{lost, "the token with serial 7 is not plugged in; on to the next identity\n"},
		{fido.Identity, "the token of this key is not plugged in; on to the next identity\n"},
	} {
		file := both(t, h, row.absent, kept)
		key.Unplug()
		first, second := write(t, "first.txt", []byte(row.absent+"\n")), write(t, "second.txt", []byte(kept+"\n"))
		out, errs, err := hasty(t, h.Env, "-d", "-i", first, "-i", second, file)
		if err != nil || out != "open" || strings.Count(errs, row.says) != 1 {
			t.Errorf("%q, %v\n%s", out, err, errs)
		}
		out, errs, err = hasty(t, h.Env, "-d", "-i", first, file)
		if err == nil || out != "" || !strings.Contains(errs, "no identity matched") || !strings.Contains(errs, row.says) {
			t.Errorf("without another identity: %q, %v\n%s", out, err, errs)
		}
	}
}

// A FIDO2 key needs no smart card service.
func TestStockAgeGoesOnWithoutTheService(t *testing.T) {
	_, known := plugKey(t, ctap.Options{})
	h := newHelper(t, known)
	fido, err := h.MakeKey(t.Context(), token.KeyParams{Kind: token.KindFIDO2}, new(persontest.Person))
	if err != nil {
		t.Fatal(err)
	}
	plug(t, 0, tokentest.YubiKeyOptions{Serial: 7})
	card := spare(t, h, "7").Identity
	file := both(t, h, card, fido.Identity)
	first, second := write(t, "first.txt", []byte(card+"\n")), write(t, "second.txt", []byte(fido.Identity+"\n"))
	env := append(slices.Clone(h.Env), "PCSCLITE_CSOCK_NAME="+filepath.Join(t.TempDir(), "nowhere"))
	out, errs, err := hasty(t, env, "-d", "-i", first, "-i", second, file)
	if err != nil || out != "open" || !strings.Contains(errs, "the token with serial 7 cannot be reached: ") {
		t.Errorf("%q, %v\n%s", out, err, errs)
	}
}

// What the token that is there refuses is the end: the next one is not asked.
func TestStockAgeStopsAtATokenThatRefuses(t *testing.T) {
	h := newHelper(t)
	y := plug(t, 0, tokentest.YubiKeyOptions{Serial: 7})
	made := newPIVKey(t, h)
	plug(t, 1, tokentest.YubiKeyOptions{Serial: 8})
	kept := spare(t, h, "8").Identity
	file := both(t, h, made.Identity, kept)
	first, second := write(t, "first.txt", []byte(made.Identity+"\n")), write(t, "second.txt", []byte(kept+"\n"))
	for tries, want := range map[int]error{0: token.ErrPINBlocked, 3: human.ErrDismissed} {
		y.SetPINRetries(tries)
		out, errs, err := hasty(t, h.Env, "-d", "-i", first, "-i", second, file)
		if err == nil || out != "" || !strings.Contains(errs, want.Error()) {
			t.Errorf("with %d tries left: %q, %v\n%s", tries, out, err, errs)
		}
	}
}
