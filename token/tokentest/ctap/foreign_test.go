//go:build linux

package ctap

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func newKey(t *testing.T, o Options) *Key {
	t.Helper()
	k, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		k.Close()
		if err := k.Foreign(); err != nil {
			t.Errorf("the host broke the rules: %v", err)
		}
	})
	return k
}

// program prepares one of libfido2's programs. It must not lead a session: the
// key would become its terminal.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// run runs a program that asks nothing.
func run(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	cmd := program(t, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s: %w: %s", filepath.Base(args[0]), err, strings.TrimSpace(errs.String()))
	}
	return out.String(), nil
}

func mustRun(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	out, err := run(t, stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// typePINs runs a program that asks for PINs on its terminal, and types them.
func typePINs(t *testing.T, stdin string, pins []string, args ...string) (string, error) {
	t.Helper()
	tty, err := openLine()
	if err != nil {
		t.Fatal(err)
	}
	defer tty.close()
	cmd := program(t, args...)
	slave, err := os.OpenFile(tty.path, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	cmd.ExtraFiles = []*os.File{slave}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 3}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	typed := make(chan struct{})
	go func() {
		defer close(typed)
		answer(tty, pins)
	}()
	err = cmd.Wait()
	tty.master.Close()
	<-typed
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", filepath.Base(args[0]), err, strings.TrimSpace(errs.String()))
	}
	return out.String(), err
}

// answer waits for a prompt, which ends with a colon, before each PIN: what is
// typed ahead is thrown away.
func answer(tty *line, pins []string) {
	buf := make([]byte, 256)
	for {
		n, err := tty.master.Read(buf)
		if err != nil {
			return
		}
		if len(pins) > 0 && bytes.Contains(buf[:n], []byte(":")) {
			_, _ = tty.master.Write([]byte(pins[0] + "\n"))
			pins = pins[1:]
		}
	}
}

func random64(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.StdEncoding.EncodeToString(b)
}

// made is what fido2-cred made.
type made struct{ id, pem string }

func makeCred(t *testing.T, k *Key, pins []string) made {
	t.Helper()
	in := strings.Join([]string{random64(32), "age-encryption.org", "someone", random64(16), ""}, "\n")
	out, err := typePINs(t, in, pins, "fido2-cred", "-M", "-h", k.Path())
	if err != nil {
		t.Fatal(err)
	}
	pem := mustRun(t, out, "fido2-cred", "-V", "-h")
	id, key, _ := strings.Cut(pem, "\n")
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	return made{id, file}
}

// secret asserts with the extension, lets fido2-assert verify it, and returns its output.
func secret(t *testing.T, k *Key, m made, salt string, pins []string, more ...string) string {
	t.Helper()
	in := strings.Join([]string{random64(32), "age-encryption.org", m.id, salt, ""}, "\n")
	args := append(append([]string{"fido2-assert", "-G", "-h"}, more...), k.Path())
	out, err := typePINs(t, in, pins, args...)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	last := len(lines) - 1
	verify := append([]string{"fido2-assert", "-V", "-h"}, more...)
	mustRun(t, out, append(verify, m.pem)...)
	return lines[last]
}

func TestFIDO2TokenReadsTheKey(t *testing.T) {
	for _, protocols := range [][]uint64{{1}, {2, 1}, {2}} {
		k := newKey(t, Options{PIN: "123456", Protocols: protocols})
		out := mustRun(t, "", "fido2-token", "-I", k.Path())
		for _, want := range []string{"FIDO_2_0", "hmac-secret", "clientPin", "pin retries: 8"} {
			if !strings.Contains(out, want) {
				t.Errorf("fido2-token -I does not say %q:\n%s", want, out)
			}
		}
	}
}

func TestForeignClientsAgreeOnCredentialsAndSecrets(t *testing.T) {
	for _, protocols := range [][]uint64{{1}, {2}} {
		t.Run(fmt.Sprint(protocols), func(t *testing.T) {
			k := newKey(t, Options{PIN: "123456", Protocols: protocols})
			m := makeCred(t, k, []string{"123456"})
			salt := random64(32)
			bare := secret(t, k, m, salt, nil)
			if again := secret(t, k, m, salt, nil); again != bare {
				t.Error("the same salt gives another secret")
			}
			if other := secret(t, k, m, random64(32), nil); other == bare {
				t.Error("another salt gives the same secret")
			}
			if withPIN := secret(t, k, m, salt, []string{"123456"}, "-v"); withPIN == bare {
				t.Error("the secrets with and without PIN are the same")
			}
			if k.Touches() != 5 {
				t.Errorf("%d touches, want 5", k.Touches())
			}
		})
	}
}

func TestTwoSaltsGiveTwoSecrets(t *testing.T) {
	k := newKey(t, Options{})
	m := makeCred(t, k, nil)
	one, two := random64(32), random64(32)
	first, _ := base64.StdEncoding.DecodeString(one)
	second, _ := base64.StdEncoding.DecodeString(two)
	both := secret(t, k, m, base64.StdEncoding.EncodeToString(append(first, second...)), nil)
	got, _ := base64.StdEncoding.DecodeString(both)
	var want []byte
	for _, salt := range []string{one, two} {
		b, _ := base64.StdEncoding.DecodeString(secret(t, k, m, salt, nil))
		want = append(want, b...)
	}
	if len(got) != 64 || !bytes.Equal(got, want) {
		t.Error("two salts at once give other secrets than one by one")
	}
}

func TestFIDO2TokenSetsAndChangesThePIN(t *testing.T) {
	k := newKey(t, Options{Protocols: []uint64{2, 1}})
	if _, err := typePINs(t, "", []string{"1234", "1234"}, "fido2-token", "-S", k.Path()); err != nil {
		t.Fatal(err)
	}
	if _, err := typePINs(t, "", []string{"1234", "öäü€€", "öäü€€"}, "fido2-token", "-C", k.Path()); err != nil {
		t.Fatal(err)
	}
	if _, err := typePINs(t, "", []string{"1234", "5678", "5678"}, "fido2-token", "-C", k.Path()); err == nil {
		t.Error("the old PIN changed the new one")
	}
	if got := k.PINRetries(); got != 7 {
		t.Errorf("%d tries left, want 7", got)
	}
	makeCred(t, k, []string{"öäü€€"})
	if got := k.PINRetries(); got != 8 {
		t.Errorf("%d tries left after the right PIN, want 8", got)
	}
}

func TestResetForgetsCredentials(t *testing.T) {
	k := newKey(t, Options{PIN: "123456"})
	m := makeCred(t, k, []string{"123456"})
	mustRun(t, "", "fido2-token", "-R", k.Path())
	in := strings.Join([]string{random64(32), "age-encryption.org", m.id, random64(32), ""}, "\n")
	if _, err := run(t, in, "fido2-assert", "-G", "-h", k.Path()); err == nil || !strings.Contains(err.Error(), "FIDO_ERR_NO_CREDENTIALS") {
		t.Errorf("after a reset: %v, want no credentials", err)
	}
}

func TestPINBlocks(t *testing.T) {
	k := newKey(t, Options{PIN: "123456"})
	m := makeCred(t, k, []string{"123456"})
	try := func(pin string) error {
		in := strings.Join([]string{random64(32), "age-encryption.org", m.id, random64(32), ""}, "\n")
		_, err := typePINs(t, in, []string{pin}, "fido2-assert", "-G", "-h", "-v", k.Path())
		return err
	}
	wants := []string{
		"PIN_INVALID", "PIN_INVALID", "PIN_AUTH_BLOCKED", "PIN_AUTH_BLOCKED", "replug",
		"PIN_INVALID", "PIN_INVALID", "PIN_AUTH_BLOCKED", "replug",
		"PIN_INVALID", "PIN_BLOCKED", "PIN_BLOCKED", "replug", "PIN_BLOCKED",
	}
	for i, want := range wants {
		if want == "replug" {
			if err := k.Replug(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := try("654321"); err == nil || !strings.Contains(err.Error(), "FIDO_ERR_"+want) {
			t.Fatalf("step %d: %v, want %s", i, err, want)
		}
	}
	if err := try("123456"); err == nil || !strings.Contains(err.Error(), "FIDO_ERR_PIN_BLOCKED") {
		t.Errorf("the right PIN on a blocked key: %v", err)
	}
}

func TestUntouchedKeyTimesOutByItself(t *testing.T) {
	k := newKey(t, Options{TouchTimeout: 300 * time.Millisecond})
	m := makeCred(t, k, nil)
	k.SetTouch(TouchNever)
	in := strings.Join([]string{random64(32), "age-encryption.org", m.id, random64(32), ""}, "\n")
	_, err := run(t, in, "fido2-assert", "-G", "-h", k.Path())
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !strings.Contains(err.Error(), "FIDO_ERR_USER_ACTION_TIMEOUT") {
		t.Errorf("untouched: %v", err)
	}
	k.SetTouch(Touch(50 * time.Millisecond))
	secret(t, k, m, random64(32), nil)
}
