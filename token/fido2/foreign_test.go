//go:build cgo && linux

package fido2

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/mfad/mfad/token/tokentest/ctap"
)

// tool runs one of libfido2's programs, which ask nothing on a key without a PIN.
func tool(t *testing.T, stdin string, args ...string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v: %s", args, err, errs.String())
	}
	return strings.Split(strings.TrimSpace(out.String()), "\n")
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// foreignSecret is the hmac-secret as fido2-assert gets it.
func foreignSecret(t *testing.T, k *ctap.Key, i Identity) []byte {
	t.Helper()
	in := strings.Join([]string{encode(make([]byte, 32)), "age-encryption.org", encode(i.Credential), encode(i.Salt[:]), ""}, "\n")
	lines := tool(t, in, "fido2-assert", "-G", "-h", k.Path())
	secret, err := base64.StdEncoding.DecodeString(lines[len(lines)-1])
	if err != nil || len(secret) != 32 {
		t.Fatalf("fido2-assert: %d bytes, %v", len(secret), err)
	}
	return secret
}

// With the key, fido2-assert and age alone, what we wrote can be opened.
func TestFIDO2AssertAndAgeOpenWhatWrapWrote(t *testing.T) {
	k := newKey(t, ctap.Options{})
	i := enrol(t, k, false)
	s := wrapFor(t, i)[0]
	id, err := age.ParseX25519Identity(ageSecretKey(foreignSecret(t, k, i)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := id.Unwrap([]*age.Stanza{{Type: "X25519", Args: s.Args[1:2], Body: s.Body}})
	if err != nil || !bytes.Equal(got, fileKey) {
		t.Errorf("not opened: %v", err)
	}
}

// The other way round: a credential and a stanza that others made.
func TestUnwrapOpensWhatOthersMade(t *testing.T) {
	k := newKey(t, ctap.Options{})
	in := strings.Join([]string{encode(make([]byte, 32)), "age-encryption.org", "someone", encode(make([]byte, 16)), ""}, "\n")
	made := tool(t, in, "fido2-cred", "-M", "-h", k.Path())
	id := tool(t, strings.Join(made, "\n")+"\n", "fido2-cred", "-V", "-h")[0]
	i := Identity{}
	rand.Read(i.Salt[:])
	var err error
	if i.Credential, err = base64.StdEncoding.DecodeString(id); err != nil {
		t.Fatal(err)
	}
	key, err := ecdh.X25519().NewPrivateKey(foreignSecret(t, k, i))
	if err != nil {
		t.Fatal(err)
	}
	x, err := age.ParseX25519Identity(ageSecretKey(key.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	native, err := x.Recipient().Wrap(fileKey)
	if err != nil {
		t.Fatal(err)
	}
	d := devices(t, k)
	if i, err = ParseIdentity(i.String()); err != nil { // AGE-PLUGIN-FIDO2-HMAC-1…
		t.Fatal(err)
	}
	plugins, err := Keys{d, nobody(t)}.Wrap(t.Context(), i, fileKey)
	if err != nil {
		t.Fatal(err)
	}
	ours := i
	ours.Public = key.PublicKey()
	for name, c := range map[string]struct {
		i       Identity
		stanzas []*age.Stanza
	}{
		"X25519":                {i, native},
		"their identity":        {i, plugins},
		"ours":                  {ours, plugins},
		"theirs, what we wrote": {i, wrapFor(t, ours)},
	} {
		if got, _, err := (Keys{d, nobody(t)}).Unwrap(t.Context(), c.i, c.stanzas); err != nil || !bytes.Equal(got, fileKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A public key that is not the token's is found out.
	ours.Public = newPublic(t)
	if _, _, err := (Keys{d, nobody(t)}).Unwrap(t.Context(), ours, plugins); err == nil {
		t.Error("another public key was taken")
	} else {
		typed(t, err)
	}
}

func newPublic(t *testing.T) *ecdh.PublicKey {
	t.Helper()
	i, _ := newPair(t, false)
	return i.Public
}
