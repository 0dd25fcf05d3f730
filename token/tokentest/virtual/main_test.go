//go:build linux

package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mfad/mfad/token/tokentest"
)

func TestMain(m *testing.M) {
	if os.Getenv("VIRTUAL_TEST_RUN") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// program runs virtual itself.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), "VIRTUAL_TEST_RUN=1")
	return cmd
}

func client(t *testing.T, dir string, name string, args ...string) string {
	t.Helper()
	socket, err := os.ReadFile(filepath.Join(dir, "pcsc"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	service := tokentest.Service{Socket: strings.TrimSpace(string(socket))}
	out, err := service.Command(ctx, t.TempDir(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// awaitFile looks for a file until the program that makes it has ended.
func awaitFile(t *testing.T, path string, ended <-chan struct{}) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(path); err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ended:
			t.Fatal("virtual ended before it was ready")
		}
	}
}

func TestVirtualPlugsInWhatItIsToldTo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "token")
	cmd := program(t, "--dir", dir, "--serial", "7", "--serial", "8", "--touch", "1ms", "--fido2",
		"--fido2-like", "u2f-only")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 8)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			said <- lines.Text()
		}
	}()
	awaitFile(t, filepath.Join(dir, "ready"), ended)

	if got := strings.Fields(client(t, dir, "ykman", "list", "--serials")); len(got) != 2 {
		t.Errorf("ykman lists %q, want two", got)
	}
	client(t, dir, "ykman", "-d", "8", "oath", "accounts", "add", "--touch", "one", "GEZDGNBVGY3TQOJQ")
	client(t, dir, "ykman", "-d", "8", "oath", "accounts", "code", "one")
	if got := <-said; got != "touched 8" {
		t.Errorf("it said %q", got)
	}
	fido2, err := os.ReadFile(filepath.Join(dir, "fido2"))
	if err != nil {
		t.Fatal(err)
	}
	paths := strings.Split(strings.TrimSpace(string(fido2)), ":")
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil || len(paths) != 2 {
			t.Errorf("FIDO2 keys at %q: %v", paths, err)
		}
	}

	socket, err := os.ReadFile(filepath.Join(dir, "pcsc"))
	if err != nil {
		t.Fatal(err)
	}
	if err := stdin.Close(); err != nil {
		t.Fatal(err)
	}
	<-ended
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Dir(string(socket))); !os.IsNotExist(err) {
		t.Errorf("it left files: %v", err)
	}
}

func TestVirtualExplainsItself(t *testing.T) {
	for _, test := range []struct {
		args   []string
		status int
		words  string
	}{
		{[]string{"--help"}, 0, "to try mfad\nwithout hardware"},
		{nil, 2, "--dir is needed"},
		{[]string{"--dir", "x", "--serial", "abc"}, 2, "it is not a serial number"},
		{[]string{"--dir", "x", "--like", "a-cat"}, 2, "it is none of canokey, "},
		{[]string{"--dir", "x", "--like", "retired-slots=21"}, 2, "from 1 to 20"},
		{[]string{"--dir", "x", "--like", "no-serial=1"}, 2, "it takes no value"},
		{[]string{"--dir", "x", "--firmware", "new"}, 2, "it is not like 5.4.3"},
		{[]string{"--dir", "x", "--fido2-like", "id-length=0"}, 2, "from 1 to 1023"},
	} {
		cmd := program(t, test.args...)
		cmd.Stdin = strings.NewReader("")
		out, _ := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != test.status || !strings.Contains(string(out), test.words) {
			t.Errorf("virtual %q: status %d, says %q", test.args, cmd.ProcessState.ExitCode(), out)
		}
	}
}

func TestEveryQuirkMakesAnotherToken(t *testing.T) {
	for name, apply := range quirks {
		var o tokentest.YubiKeyOptions
		value := ""
		if name == "retired-slots" {
			value = "2"
		}
		if err := apply(&o, value); err != nil || reflect.DeepEqual(o, tokentest.YubiKeyOptions{}) {
			t.Errorf("%s: %+v, %v", name, o, err)
		}
		if !strings.Contains(strings.Join(strings.Fields(usage), " "), name) {
			t.Errorf("the help does not tell of %s", name)
		}
	}
	o, err := parse([]string{"--dir", "x", "--firmware", "4.3.5", "--touch-limit", "30s", "--touch", "-1s", "--fido2", "--fido2-like", "always-uv,id-length=9"})
	if err != nil || o.yubiKey.Version != "4.3.5" || o.yubiKey.TouchLimit != 30*time.Second || o.touch != tokentest.TouchNever || len(o.fido2) != 2 {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestParseTakesNoMoreThanThereIsRoomFor(t *testing.T) {
	args := []string{"--dir", "x"}
	for range tokentest.MaxReaders + 1 {
		args = append(args, "--serial", "1")
	}
	if _, err := parse(args); err == nil {
		t.Error("seventeen YubiKeys were accepted")
	}
}
