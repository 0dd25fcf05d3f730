package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rsc.io/qr"

	"github.com/mfad/mfad/agent/client"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/proctest"
)

// asAgent makes the test program the agent: it is executed again with it set.
const asAgent = "MFAD_TEST_AS_AGENT"

func TestMain(m *testing.M) {
	if os.Getenv(asAgent) != "" {
		main()
		return
	}
	if os.Getenv(asWriter) != "" {
		flood()
	}
	os.Exit(m.Run())
}

// process is an agent with a home of its own.
type process struct {
	*exec.Cmd
	socket string
	stderr bytes.Buffer
	ready  string // the line that it told whoever started it
}

// start runs an agent in home and waits for its line.
func start(t *testing.T, home string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0], args...), socket: filepath.Join(home, ".local", "state", "mfad", "run", "agent.sock")}
	told, tell, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer told.Close()
	p.ExtraFiles = []*os.File{tell}
	p.Stderr = &p.stderr
	p.Env = []string{asAgent + "=1", "HOME=" + home, wire.ReadyVariable + "=3"}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	tell.Close()
	t.Cleanup(func() { p.end(t) })
	line, err := bufio.NewReader(told).ReadString('\n')
	if err != nil {
		t.Fatalf("the agent told nothing: %v\n%s", err, p.stderr.String())
	}
	p.ready = strings.TrimSpace(line)
	return p
}

// end asks the agent to go, unless it has gone, and returns how it did.
func (p *process) end(t *testing.T) *os.ProcessState {
	t.Helper()
	if p.ProcessState == nil {
		_ = p.Process.Signal(syscall.SIGTERM)
		err := p.Wait()
		if exit, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
			t.Errorf("the agent ended by %v", exit)
		}
	}
	return p.ProcessState
}

func status(t *testing.T, socket string) (wire.Status, error) {
	t.Helper()
	var status wire.Status
	c, err := client.Dial(t.Context(), client.Options{Socket: socket, NoStart: true, Version: "test"})
	if err != nil {
		return status, err
	}
	defer c.Close()
	return status, c.Call(t.Context(), wire.MethodStatus, nil, &status)
}

func TestAgentServesUntilASignalAndLeavesNothing(t *testing.T) {
	home := proctest.Folder(t)
	agent := start(t, home)
	if agent.ready != wire.ReadyLine {
		t.Fatalf("told %q", agent.ready)
	}
	got, err := status(t, agent.socket)
	if err != nil {
		t.Fatal(err)
	}
	if got.PID != agent.Process.Pid || got.Socket != agent.socket || got.Connections != 1 || got.Vault != nil {
		t.Errorf("status is %+v", got)
	}

	second := start(t, home)
	if !strings.Contains(second.ready, "another mfad-agent is running (pid "+strconv.Itoa(agent.Process.Pid)+")") {
		t.Errorf("a second agent told %q", second.ready)
	}
	if err := second.Wait(); err == nil || second.ProcessState.ExitCode() != 1 {
		t.Errorf("a second agent ends by %v", err)
	}

	if state := agent.end(t); !state.Success() {
		t.Errorf("after SIGTERM: %v\n%s", state, agent.stderr.String())
	}
	if _, err := os.Lstat(agent.socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is there still: %v", err)
	}
}

func TestAgentEndsWhenAClientSaysSo(t *testing.T) {
	agent := start(t, proctest.Folder(t))
	c, err := client.Dial(t.Context(), client.Options{Socket: agent.socket, NoStart: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Call(t.Context(), wire.MethodStop, nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := agent.Wait(); err != nil {
		t.Errorf("%v\n%s", err, agent.stderr.String())
	}
}

func TestAgentLeavesNoCore(t *testing.T) {
	agent := start(t, proctest.Folder(t))
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", agent.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(limits)) {
		if strings.HasPrefix(line, "Max core file size") && strings.Fields(line)[4] == "0" {
			return
		}
	}
	t.Errorf("it may leave one:\n%s", limits)
}

func TestAgentTakesOverTheSocketOfAServiceManager(t *testing.T) {
	home := proctest.Folder(t)
	path := filepath.Join(home, "run", "agent.sock")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	file, err := ln.File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	// LISTEN_PID must be the agent's own, which only a shell that becomes it knows.
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" --socket "$1"`, os.Args[0], path)
	cmd.Env = []string{asAgent + "=1", "HOME=" + home}
	cmd.ExtraFiles = []*os.File{file}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	got, err := status(t, path) // the connection waits in the socket until the agent is there
	if err != nil {
		t.Fatal(err)
	}
	if got.PID != cmd.Process.Pid {
		t.Errorf("pid %d answers, want %d", got.PID, cmd.Process.Pid)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestPicturesAreReadWithoutAnAgent(t *testing.T) {
	code, err := qr.Encode("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", qr.M)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run([]string{"--read-qr"}, bytes.NewReader(code.PNG()), &out); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "otpauth://totp/a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n" {
		t.Error("the text of the code did not come")
	}
	if err := run([]string{"--read-qr"}, strings.NewReader("no picture"), &out); err == nil {
		t.Error("no error for what is no picture")
	}
}

func TestArgumentsThatAreNoneAreRefused(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"--version"}, nil, &out); err != nil || !strings.Contains(out.String(), "protocol "+strconv.Itoa(wire.Protocol)) {
		t.Errorf("--version prints %q, %v", out.String(), err)
	}
	for _, args := range [][]string{{"--verbose"}, {"serve"}, {"--log-level", "shouting"}} {
		if err := run(args, nil, &out); err == nil || !strings.Contains(err.Error(), "--help") {
			t.Errorf("%q: %v", args, err)
		}
	}
}

func TestAgentWithoutAHomeSaysSo(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = []string{asAgent + "=1"}
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 || !strings.HasPrefix(string(out), "mfad-agent: error: $HOME") {
		t.Errorf("%v: %s", err, out)
	}
}
