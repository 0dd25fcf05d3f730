package cmd_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// built is the folder with the programs, once build has made it.
var built string

// build makes the programs once a run, as the Makefile does.
var build = sync.OnceValue(func() error {
	dir, err := os.MkdirTemp("", "mfad-programs")
	if err != nil {
		return err
	}
	built = dir
	err = goBuild("0", "./mfad", "./mfad-cli", "./mfad-agent", "../credproc/awstest/standin", "../agent/client/minimal")
	if err == nil {
		err = goBuild("1", "./mfad-token")
	}
	if err != nil {
		return fmt.Errorf("building the programs: %w", err)
	}
	return os.Symlink("mfad-token", filepath.Join(dir, "age-plugin-mfad"))
})

func goBuild(cgo string, packages ...string) error {
	cmd := exec.Command("go", append([]string{"build", "-o", built + string(filepath.Separator)}, packages...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED="+cgo, "GOEXPERIMENT=runtimesecret")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w (run `sh .ci/deps test`)\n%s", err, out)
	}
	return nil
}

func TestMain(m *testing.M) {
	if playClient() || playSpy() || playCrowd() {
		return
	}
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}

// program is the path of one of our programs.
func program(tb testing.TB, name string) string {
	tb.Helper()
	if err := build(); err != nil {
		tb.Fatal(err)
	}
	return filepath.Join(built, name)
}

// result is how a process ended.
type result struct {
	stdout, stderr string
	code           int
}

func (r result) String() string {
	return fmt.Sprintf("exit %d\nstdout: %s\nstderr: %s", r.code, r.stdout, r.stderr)
}

// run runs a command to its end, at most two minutes.
func run(tb testing.TB, env []string, stdin string, name string, args ...string) result {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute) // not tb.Context: clean-up runs programs too
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader([]byte(stdin)), &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		tb.Fatalf("running %s: %v", name, err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}
