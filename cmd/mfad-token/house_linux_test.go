//go:build cgo

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/tokentest"
)

// readers of the private pcscd; tests run one after the other.
const readers = 3

// house is where the tests live: the built program, whose standard error goes
// to a file, and a pcscd.
var house struct {
	service                   *tokentest.Service
	dir, real, program, words string
}

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == pluginProgram { // for a test that has little time
		pluginWait = 1
		os.Exit(runPlugin(os.Args[1:]))
	}
	os.Exit(func() int {
		if err := furnish(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(house.dir) }()
		defer func() { _ = house.service.Close() }()
		status := m.Run()
		// Whatever was asked of the program, it has nothing to say there.
		if words, err := os.ReadFile(house.words); err == nil && len(words) > 0 {
			fmt.Fprintf(os.Stderr, "mfad-token wrote to standard error:\n%s", words)
			return 1
		}
		return status
	}())
}

func furnish() (err error) {
	if house.dir, err = os.MkdirTemp("", "mfad"); err != nil {
		return err
	}
	house.real = filepath.Join(house.dir, "mfad-token")
	house.words = filepath.Join(house.dir, "stderr")
	house.program = filepath.Join(house.dir, "wrapper")
	if out, err := exec.Command("go", "build", "-o", house.real, ".").CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	script := fmt.Sprintf("#!/bin/sh\nexec %s 2>>%s\n", house.real, house.words)
	if err := os.WriteFile(house.program, []byte(script), 0o700); err != nil {
		return err
	}
	if house.service, err = tokentest.StartService(tokentest.Options{Readers: readers}); err != nil {
		return err
	}
	// libpcsclite reads it once; the tests hold a reader themselves.
	return os.Setenv("PCSCLITE_CSOCK_NAME", house.service.Socket)
}

// environment is what programs run in.
func environment(t testing.TB, more ...string) []string {
	t.Helper()
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "LANG=C.UTF-8",
		"PCSCLITE_CSOCK_NAME=" + house.service.Socket,
	}, more...)
}

// newHelper runs the built program.
func newHelper(t testing.TB, more ...string) *token.Helper {
	t.Helper()
	return &token.Helper{Program: house.program, Env: environment(t, more...)}
}

// plug makes a YubiKey and plugs it into a reader until the test's end.
func plug(t testing.TB, reader int, o tokentest.YubiKeyOptions) *tokentest.YubiKey {
	t.Helper()
	y := tokentest.NewYubiKey(o)
	insert(t, reader, y)
	return y
}

func insert(t testing.TB, reader int, y *tokentest.YubiKey) {
	t.Helper()
	if err := house.service.Insert(reader, y); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pull(t, reader) })
}

func pull(t testing.TB, reader int) {
	t.Helper()
	if err := house.service.Remove(reader); err != nil {
		t.Error(err)
	}
}

func serial(y *tokentest.YubiKey) string { return strconv.FormatUint(uint64(y.Serial()), 10) }

// ykman runs ykman on the YubiKey, and so proves that others can use it.
func ykman(t testing.TB, y *tokentest.YubiKey, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ykman", append([]string{"--device", serial(y)}, args...)...)
	cmd.Env = environment(t)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("ykman %q: %v\n%s", args, err, errs.String())
	}
	return strings.TrimSpace(out.String())
}
