//go:build cgo

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mfad/mfad/internal/proctest"
)

// runs runs the built program.
func runs(t *testing.T, input string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), house.real, args...)
	cmd.Env = environment(t)
	cmd.Stdin = strings.NewReader(input)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		t.Fatal(exit, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func TestArguments(t *testing.T) {
	for _, row := range []struct {
		args     []string
		out, err string
		status   int
	}{
		{[]string{"--version"}, "mfad-token ", "", 0},
		{[]string{"--help"}, "usage: mfad-token", "", 0},
		{[]string{"--verbose"}, "", "see mfad-token --help", 1},
		{[]string{"list"}, "", `unexpected argument "list"`, 1},
		{nil, "", "", 0},
	} {
		out, errs, status := runs(t, "", row.args...)
		if !strings.HasPrefix(out, row.out) || !strings.Contains(errs, row.err) || (errs == "") != (row.err == "") || status != row.status {
			t.Errorf("%q: %q, %q, status %d", row.args, out, errs, status)
		}
	}
}

func TestTerminalOnStandardInputIsRefused(t *testing.T) {
	ours, theirs := terminal(t)
	defer func() { _ = ours.Close() }()
	for _, name := range []string{"mfad-token", pluginProgram} {
		cmd := exec.CommandContext(t.Context(), house.real)
		cmd.Args[0] = name
		cmd.Stdin = theirs
		out, err := cmd.CombinedOutput()
		if err == nil || !bytes.HasPrefix(out, []byte(name+": error: ")) || bytes.Count(out, []byte("\n")) != 1 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func TestRequestsThatAreNoneAreRefused(t *testing.T) {
	const unlike = "the parameters are not those of this version"
	for request, want := range map[string]string{
		`{"jsonrpc":"2.0","id":1,"method":"dance","params":{}}`:                                  "it knows no dance",
		`{"jsonrpc":"2.0","id":1,"method":"list","params":{"secret":"hush"}}`:                    unlike,
		`{"jsonrpc":"2.0","id":1,"method":"list"}`:                                               unlike,
		`{"jsonrpc":"2.0","id":1,"method":"oath.code","params":{"challenge":"hush"}}`:            unlike,
		`{"jsonrpc":"2.0","id":1,"method":"wrap","params":{"identity":"hush","fileKey":"aHVz"}}`: "no identity",
	} {
		hears(t, request, func(out *bufio.Reader) {
			answer, err := out.ReadString('\n')
			if err != nil || !strings.Contains(answer, want) || strings.Contains(answer, "hush") || !strings.Contains(answer, `"error"`) {
				t.Errorf("%s: %s, %v", request, answer, err)
			}
		})
	}
	if out, errs, status := runs(t, "garbage\n"); out != "" || errs != "" || status != 0 {
		t.Errorf("garbage: %q, %q, %d", out, errs, status)
	}
}

// hears runs the program for one request, as the agent does, and has f hear what
// it says until its input is closed, which ends it.
func hears(t *testing.T, request string, f func(out *bufio.Reader)) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), house.real)
	cmd.Env = environment(t)
	p := proctest.Start(t, cmd)
	p.Say(request)
	f(p.Out)
	if err := p.End(); err != nil {
		t.Error(err)
	}
}

// What is not dumpable belongs to root in /proc, and leaves no core.
func TestProgramIsClosedToItsNeighbours(t *testing.T) {
	bin := t.TempDir()
	program := filepath.Join(bin, "mfad-token")
	content, err := os.ReadFile(house.real)
	if err = errors.Join(err, os.WriteFile(program, content, 0o755)); err != nil {
		t.Fatal(err)
	}
	for dir := bin; dir != "/tmp" && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const nobody = 65534
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = []string{}
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	p := proctest.Start(t, cmd)
	p.Say(`{"jsonrpc":"2.0","id":1,"method":"dance"}`)
	p.Line() // main has begun
	proc := fmt.Sprintf("/proc/%d/", cmd.Process.Pid)
	info, err := os.Stat(proc + "mem")
	if err != nil {
		t.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t).Uid; owner != 0 {
		t.Errorf("its memory belongs to user %d", owner)
	}
	limits, err := os.ReadFile(proc + "limits")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(limits)) {
		if strings.HasPrefix(line, "Max core file size") && strings.Fields(line)[4] != "0" {
			t.Errorf("it may leave a core: %s", line)
		}
	}
	if err := p.End(); err != nil {
		t.Error(err)
	}
}

func TestProgramWithoutCgoSaysSo(t *testing.T) {
	program := filepath.Join(t.TempDir(), "mfad-token")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(program).CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 || !strings.Contains(string(out), "without cgo") {
		t.Errorf("%v: %s", err, out)
	}
}
