//go:build linux

package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
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
	cmd := program(t, "--dir", dir, "--serial", "7", "--serial", "8", "--touch", "1ms", "--fido2")
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
	if _, err := os.Stat(strings.TrimSpace(string(fido2))); err != nil {
		t.Error(err)
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
	} {
		cmd := program(t, test.args...)
		cmd.Stdin = strings.NewReader("")
		out, _ := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != test.status || !strings.Contains(string(out), test.words) {
			t.Errorf("virtual %q: status %d, says %q", test.args, cmd.ProcessState.ExitCode(), out)
		}
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
