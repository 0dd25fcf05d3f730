//go:build linux

package tokentest_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/mfad/mfad/token/tokentest"
)

// start returns a service with that many readers, which ends with the test.
func start(t testing.TB, readers int) *tokentest.Service {
	t.Helper()
	s, err := tokentest.StartService(tokentest.Options{Readers: readers})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// rig is a YubiKey in a reader, and programs that talk to it.
type rig struct {
	*tokentest.YubiKey
	t       *testing.T
	service *tokentest.Service
	home    string
}

func newRig(t *testing.T, o tokentest.YubiKeyOptions) *rig {
	t.Helper()
	d := &rig{YubiKey: tokentest.NewYubiKey(o), t: t, service: start(t, 1), home: t.TempDir()}
	if err := d.service.Insert(0, d.YubiKey); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *rig) try(stdin, name string, args ...string) (string, error) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), time.Minute)
	defer cancel()
	cmd := d.service.Command(ctx, d.home, name, args...)
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &out
	err := cmd.Run()
	return out.String(), err
}

// run wants the program to succeed and to say words.
func (d *rig) run(words string, name string, args ...string) string {
	d.t.Helper()
	out, err := d.try("", name, args...)
	if err != nil || !strings.Contains(out, words) {
		for _, exchange := range d.Journal() {
			d.t.Log(exchange)
		}
		d.t.Fatalf("%s %s: %v, want %q in\n%s", name, strings.Join(args, " "), err, words, out)
	}
	return out
}

// refuse wants the program to fail with words.
func (d *rig) refuse(words string, name string, args ...string) {
	d.t.Helper()
	out, err := d.try("", name, args...)
	if err == nil || !strings.Contains(out, words) {
		d.t.Fatalf("%s %s: %v, want a refusal with %q in\n%s", name, strings.Join(args, " "), err, words, out)
	}
}
