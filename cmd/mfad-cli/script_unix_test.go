//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// programs is the folder of the built programs.
var programs string

// TestMain builds the real programs, and offers scripts `run` and `talk`.
func TestMain(m *testing.M) {
	testscript.Main(builder{m}, map[string]func(){"run": runWithoutTerminal, "talk": talkOnTerminal})
}

type builder struct{ m *testing.M }

func (b builder) Run() int {
	dir, err := os.MkdirTemp("", "mfad")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	programs = dir
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "../mfad", "../mfad-cli", "../mfad-agent")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "building the programs:", err)
		return 1
	}
	return b.m.Run()
}

// runWithoutTerminal is `run CODE COMMAND…` of scripts: it runs a command in a session of its own, where /dev/tty
// does not open, and fails unless it exits with the code that is told.
func runWithoutTerminal() {
	want, err := strconv.Atoi(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "run: no exit code told:", err)
		os.Exit(1)
	}
	cmd := exec.Command(os.Args[2], os.Args[3:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		fmt.Fprintf(os.Stderr, "run: exit code %d, want %d\n", got, want)
		os.Exit(1)
	}
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setUpHome,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fakeagent": fakeAgentCommand,
			"qrpicture": pictureCommand,
		},
	})
}

// setUpHome gives a script a private home, and a socket path that is short
// enough for a unix socket.
func setUpHome(env *testscript.Env) error {
	run, err := os.MkdirTemp("", "mfad")
	if err != nil {
		return err
	}
	home := filepath.Join(env.WorkDir, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		return err
	}
	env.Setenv("HOME", home)
	env.Setenv("MFAD_SOCKET", filepath.Join(run, "s"))
	env.Setenv("PATH", programs+string(filepath.ListSeparator)+env.Getenv("PATH"))
	env.Setenv("MFAD", filepath.Join(programs, "mfad"))
	foreign, err := foreignFolder(env.WorkDir)
	if err != nil {
		return err
	}
	env.Setenv("FOREIGN", foreign)
	env.Setenv("TZ", "UTC")
	env.Setenv("GORACE", "atexit_sleep_ms=0") // or run and talk take a second each under -race
	env.Setenv("BAD", "a\x1b[2Jb")
	env.Defer(func() {
		// Whatever agent the script started ends with it.
		stop := exec.Command(filepath.Join(programs, "mfad"), "agent", "stop")
		stop.Env = env.Vars
		_ = stop.Run()
		_ = os.RemoveAll(run)
	})
	return nil
}

// foreignFolder is a folder, closed to others, that another user owns.
func foreignFolder(work string) (string, error) {
	if os.Geteuid() != 0 {
		return "/root", nil // only root can give a folder away
	}
	dir := filepath.Join(work, "foreign")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	const nobody = 65534
	return dir, os.Chown(dir, nobody, nobody)
}
