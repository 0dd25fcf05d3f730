//go:build linux

package tokentest_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mfad/mfad/token/tokentest"
)

func TestSixteenReadersHoldSixteenYubiKeys(t *testing.T) {
	t.Parallel()
	s := start(t, tokentest.MaxReaders)
	var all sync.WaitGroup
	for i := range tokentest.MaxReaders {
		all.Go(func() {
			if err := s.Insert(i, tokentest.NewYubiKey(tokentest.YubiKeyOptions{Serial: uint32(1000 + i)})); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	d := &rig{t: t, service: s, home: t.TempDir(), YubiKey: tokentest.NewYubiKey(tokentest.YubiKeyOptions{})}
	out := d.run("", "opensc-tool", "--list-readers")
	if n := strings.Count(out, " Yes "); n != tokentest.MaxReaders {
		t.Errorf("opensc-tool sees %d cards, want %d:\n%s", n, tokentest.MaxReaders, out)
	}
	d.run("1015", "ykman", "--device", "1015", "info")
}

func TestAKeyThatIsPulledOutKeepsWhatItHolds(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{})
	d.run("", "ykman", "oath", "accounts", "add", "one", "GEZDGNBVGY3TQOJQ")
	if err := d.service.Remove(0); err != nil {
		t.Fatal(err)
	}
	d.run("No  ", "opensc-tool", "--list-readers")
	if err := d.service.Insert(0, d.YubiKey); err != nil {
		t.Fatal(err)
	}
	d.run("one", "ykman", "oath", "accounts", "list")
	if err := d.service.Insert(0, d.YubiKey); err == nil {
		t.Error("a full reader took another card")
	}
}

func TestPcscdDiesAndComesBackAtTheSameSocket(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{})
	d.service.Kill()
	if conn, err := net.Dial("unix", d.service.Socket); err == nil {
		conn.Close()
		t.Error("somebody listens at the socket of the dead pcscd")
	}
	if err := d.service.Restart(); err != nil {
		t.Fatal(err)
	}
	d.run("12345678", "ykman", "list", "--serials")
}

func TestPullingOutEndsTheWaitForATouch(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{TouchLimit: time.Hour})
	d.run("", "ykman", "oath", "accounts", "add", "--touch", "one", "GEZDGNBVGY3TQOJQ")
	d.SetTouch(tokentest.TouchNever)
	asked := make(chan struct{})
	d.Fault(func(_ int, apdu []byte) ([]byte, tokentest.Action) {
		if apdu[1] == 0xa2 {
			close(asked)
		}
		return nil, tokentest.Proceed
	})
	failed := make(chan error)
	go func() {
		_, err := d.try("", "ykman", "oath", "accounts", "code", "one")
		failed <- err
	}()
	<-asked
	if err := d.service.Remove(0); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err == nil {
		t.Error("ykman got a code from a key that is not there")
	}
}

func TestOneKeyAnswersWhileAnotherWaitsForATouch(t *testing.T) {
	t.Parallel()
	s := start(t, 2)
	slow := tokentest.NewYubiKey(tokentest.YubiKeyOptions{Serial: 1, TouchLimit: time.Hour})
	quick := &rig{t: t, service: s, home: t.TempDir(), YubiKey: tokentest.NewYubiKey(tokentest.YubiKeyOptions{Serial: 2})}
	for i, y := range []*tokentest.YubiKey{slow, quick.YubiKey} {
		if err := s.Insert(i, y); err != nil {
			t.Fatal(err)
		}
	}
	quick.run("", "ykman", "-d", "1", "oath", "accounts", "add", "--touch", "one", "GEZDGNBVGY3TQOJQ")
	slow.SetTouch(tokentest.TouchNever)
	asked := make(chan struct{})
	slow.Fault(func(_ int, apdu []byte) ([]byte, tokentest.Action) {
		if apdu[1] == 0xa2 {
			close(asked)
		}
		return nil, tokentest.Proceed
	})
	done := make(chan error)
	go func() {
		_, err := quick.try("", "ykman", "-d", "1", "oath", "accounts", "code", "one")
		done <- err
	}()
	<-asked
	quick.run("Successfully verified", "yubico-piv-tool", "-r", s.Reader(1), "-a", "verify-pin", "-P", "123456")
	for touched := false; !touched; touched = slow.Touch() {
		select {
		case err := <-done:
			t.Fatalf("the code came before the touch: %v", err)
		default:
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestAKeyPullsItselfOutAtTheNthCommand(t *testing.T) {
	t.Parallel()
	d := newRig(t, tokentest.YubiKeyOptions{})
	for _, do := range []tokentest.Action{tokentest.PullOut, tokentest.PullOutUnanswered, tokentest.PullOutAnswered} {
		before := len(d.Credentials())
		d.Fault(func(_ int, apdu []byte) ([]byte, tokentest.Action) {
			if apdu[1] == 0x01 {
				return nil, do
			}
			return nil, tokentest.Proceed
		})
		_, err := d.try("", "ykman", "oath", "accounts", "add", fmt.Sprintf("name%d", do), "GEZDGNBVGY3TQOJQ")
		if answered := do == tokentest.PullOutAnswered; answered != (err == nil) {
			t.Errorf("action %d: ykman ended with %v", do, err)
		}
		if put := len(d.Credentials()) > before; put != (do != tokentest.PullOut) {
			t.Errorf("action %d: the credential was put: %v", do, put)
		}
		d.Fault(nil)
		if err := d.service.Insert(0, d.YubiKey); err != nil {
			t.Fatal(err)
		}
		d.run("12345678", "ykman", "list", "--serials")
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	threads := func() int {
		entries, err := os.ReadDir("/proc/self/task")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	files := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	cycle := func() string {
		s, err := tokentest.StartService(tokentest.Options{Readers: 2})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Insert(1, tokentest.NewYubiKey(tokentest.YubiKeyOptions{})); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		return filepath.Dir(s.Socket)
	}
	cycle()
	tasks, fds := threads(), files()
	for range 5 {
		dir := cycle()
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", dir, err)
		}
		if out := processesWith(t, dir); out != "" {
			t.Errorf("processes are left: %s", out)
		}
	}
	if now := files(); now > fds {
		t.Errorf("%d descriptors, %d before", now, fds)
	}
	if now := threads(); now > tasks+4 { // the runtime's own come and go
		t.Errorf("%d threads, %d before", now, tasks)
	}
}

// processesWith lists the processes that have text in their arguments.
func processesWith(t *testing.T, text string) string {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, path := range lines {
		if line, err := os.ReadFile(path); err == nil && bytes.Contains(line, []byte(text)) {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return strings.Join(found, "\n")
}
