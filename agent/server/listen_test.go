//go:build unix

package server_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mfad/mfad/agent/server"
	"github.com/mfad/mfad/internal/proctest"
)

func TestFiftyAgentsAtOnceAreOne(t *testing.T) {
	path := filepath.Join(proctest.Folder(t), "run", "agent.sock")
	var agents []*process
	for range 50 {
		agents = append(agents, spawn(t, "agent", path, nil))
	}
	var listening []string
	for _, p := range agents {
		switch line := p.line(); {
		case strings.HasPrefix(line, "listening: "):
			listening = append(listening, strings.TrimPrefix(line, "listening: "))
		case !strings.HasPrefix(line, "running: "):
			t.Errorf("an agent says %q", line)
		}
	}
	if len(listening) != 1 {
		t.Fatalf("%d agents listen", len(listening))
	}
	c := dial(t, path)
	c.call("1", "m")
	if got := string(c.read().Result); got != listening[0] {
		t.Errorf("process %s answers, and %s listens", got, listening[0])
	}
}

func TestNextAgentTakesOverFromAKilledOne(t *testing.T) {
	path := filepath.Join(proctest.Folder(t), "agent.sock")
	first := spawn(t, "agent", path, nil)
	first.line()
	if _, err := server.Listen(path); !errors.Is(err, server.ErrRunning) || !strings.Contains(err.Error(), strconv.Itoa(first.cmd.Process.Pid)) {
		t.Errorf("beside it: %v", err)
	}
	if err := first.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.cmd.Wait()
	if _, err := os.Lstat(path); err != nil {
		t.Fatalf("a killed agent should leave its socket: %v", err)
	}
	ln, err := server.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := ln.Release(); err != nil {
		t.Error(err)
	}
}

func TestNextAgentWaitsUntilTheLastHasLetGo(t *testing.T) {
	path := filepath.Join(proctest.Folder(t), "agent.sock")
	last, err := server.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := last.Close(); err != nil { // it no longer listens, and still has its stores open
		t.Fatal(err)
	}
	next := spawn(t, "agent", path, nil)
	go func() { _ = last.Release() }()
	if line := next.line(); !strings.HasPrefix(line, "listening: ") {
		t.Errorf("the next agent says %q", line)
	}
}

func TestStopRemovesTheSocket(t *testing.T) {
	path := filepath.Join(proctest.Folder(t), "agent.sock")
	p := spawn(t, "agent", path, nil)
	p.line()
	if err := p.in.Close(); err != nil {
		t.Fatal(err)
	}
	if line := p.line(); line != "ended: <nil> <nil>" {
		t.Errorf("the agent says %q", line)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}

func TestAgentWhoseSocketIsGoneMakesWay(t *testing.T) {
	for name, remove := range map[string]func(path string) error{
		"socket": os.Remove,
		"folder": func(path string) error { return os.RemoveAll(filepath.Dir(path)) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(proctest.Folder(t), "run", "agent.sock")
			first, err := server.Listen(path)
			if err != nil {
				t.Fatal(err)
			}
			ended, end := context.WithCancel(t.Context())
			end()
			if first.Gone(ended, time.Hour) {
				t.Error("gone while it is there")
			}
			gone := make(chan bool)
			go func() { gone <- first.Gone(t.Context(), time.Millisecond) }()
			must(t, remove(path))
			if !<-gone {
				t.Error("not gone")
			}
			if name == "socket" { // the lock is still there, and the next agent waits for it
				must(t, first.Release())
			}
			next, err := server.Listen(path)
			if err != nil {
				t.Fatal(err)
			}
			must(t, first.Close())
			if _, err := os.Lstat(path); err != nil {
				t.Errorf("the first took the next one's socket away: %v", err)
			}
			must(t, next.Release())
		})
	}
}

func TestListenClosesFolderAndSocketToOthers(t *testing.T) {
	path := filepath.Join(proctest.Folder(t), "new", "agent.sock")
	ln, err := server.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Release() }()
	for name, want := range map[string]os.FileMode{filepath.Dir(path): 0o700 | os.ModeDir, path: 0o600 | os.ModeSocket} {
		if info, err := os.Lstat(name); err != nil || info.Mode() != want {
			t.Errorf("%s has mode %v, %v", name, info.Mode(), err)
		}
	}
}

func TestListenRefusesAPlaceThatIsNotSafe(t *testing.T) {
	for _, row := range []struct {
		name    string
		prepare func(t *testing.T, dir string)
		want    string
	}{
		{"open to the group", func(t *testing.T, dir string) { must(t, os.Mkdir(dir, 0o700), os.Chmod(dir, 0o710)) }, "run chmod 700 "},
		{"a symbolic link", func(t *testing.T, dir string) { must(t, os.Mkdir(dir+".real", 0o700), os.Symlink(dir+".real", dir)) }, "is a symbolic link: set MFAD_SOCKET"},
		{"a file", func(t *testing.T, dir string) { must(t, os.WriteFile(dir, nil, 0o600)) }, "making the socket's folder: "},
		{"of another user", func(t *testing.T, dir string) { must(t, os.Mkdir(dir, 0o700), os.Chown(dir, 65534, 65534)) }, "is owned by uid 65534, and we are uid "},
		{"with a folder in place of the socket", func(t *testing.T, dir string) { must(t, os.MkdirAll(dir+"/agent.sock", 0o700)) }, "is a folder: set MFAD_SOCKET"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := filepath.Join(proctest.Folder(t), "run")
			if strings.Contains(row.name, "another user") && os.Getuid() != 0 {
				dir = "/root" // any folder of another will do, and we cannot give one away
				row.want = "is owned by uid 0, and we are uid "
			} else {
				row.prepare(t, dir)
			}
			ln, err := server.Listen(filepath.Join(dir, "agent.sock"))
			if err == nil {
				_ = ln.Release()
				t.Fatal("it listens there")
			}
			if !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestListenNamesTheWayOutOfALongPath(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("x", 100), "agent.sock")
	if _, err := server.Listen(path); err == nil || !strings.Contains(err.Error(), "bytes long and the system allows 10") || !strings.Contains(err.Error(), "MFAD_SOCKET") {
		t.Errorf("got %v", err)
	}
}

// activated hands a listening socket over as systemd does (sd_listen_fds(3)).
// LISTEN_PID must be the child's own, which only a shell in its place knows.
func activated(t *testing.T, listener *os.File, path string) *process {
	t.Helper()
	return spawn(t, "agent", path, func(cmd *exec.Cmd) {
		cmd.Args = []string{"/bin/sh", "-c", `LISTEN_PID=$$ exec "$0"`, cmd.Path}
		cmd.Path = "/bin/sh"
		cmd.Env = append(cmd.Env, "LISTEN_FDS=1")
		cmd.ExtraFiles = []*os.File{listener}
	})
}

func TestAgentTakesOverTheSocketOfTheServiceManager(t *testing.T) {
	path := filepath.Join(proctest.Folder(t), "agent.sock")
	manager, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = manager.Close() }()
	f, err := manager.File()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()

	early := dial(t, path) // before there is an agent: the connection waits in the queue
	early.call("1", "m")
	p := activated(t, f, path)
	if line := p.line(); !strings.HasPrefix(line, "listening: ") {
		t.Fatalf("the agent says %q", line)
	}
	if got := string(early.read().Result); got != strconv.Itoa(p.cmd.Process.Pid) {
		t.Errorf("process %s answered", got)
	}
	if err := p.in.Close(); err != nil {
		t.Fatal(err)
	}
	p.line()
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the manager's socket must stay: %v", err)
	}
}

func TestAgentRefusesASocketThatClientsDoNotDial(t *testing.T) {
	dir := proctest.Folder(t)
	other, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "other.sock"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	f, err := other.File()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	line := activated(t, f, filepath.Join(dir, "agent.sock")).line()
	if !strings.Contains(line, "other.sock and clients dial ") || !strings.Contains(line, "MFAD_SOCKET") {
		t.Errorf("the agent says %q", line)
	}
}

func TestAgentRefusesASocketThatIsNotUnix(t *testing.T) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "datagrams")
	defer func() { _ = f.Close() }()
	line := activated(t, f, filepath.Join(proctest.Folder(t), "agent.sock")).line()
	if !strings.HasPrefix(line, "error: taking over the service manager's socket: ") {
		t.Errorf("the agent says %q", line)
	}
}
