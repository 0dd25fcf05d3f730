package peer_test

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/mfad/mfad/agent/peer"
	"github.com/mfad/mfad/internal/proctest"
)

// roleVariable makes the test binary a process that connects to the socket
// that it names.
const roleVariable = "MFAD_TEST_PEER"

// atOnce keeps a program with the race detector from sleeping before it ends.
const atOnce = "GORACE=atexit_sleep_ms=0"

func TestMain(m *testing.M) {
	path := os.Getenv(roleVariable)
	if path == "" {
		os.Exit(m.Run())
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		panic(err)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	_ = conn.Close()
}

// connect has a child with the arguments connect, and returns the accepted
// connection and a function that ends the child.
func connect(t *testing.T, args []string, as *syscall.Credential) (conn *net.UnixConn, cmd *exec.Cmd, end func()) {
	t.Helper()
	path := filepath.Join(proctest.Folder(t), "s")
	if as != nil {
		path = "@" + path // no folder stands in that user's way
	}
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	// The binary is inherited open, for a user who cannot reach its folder.
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = self.Close() }()
	cmd = &exec.Cmd{
		Path: "/proc/self/fd/3", Args: args, Env: []string{roleVariable + "=" + path, atOnce}, Stderr: os.Stderr,
		ExtraFiles: []*os.File{self}, SysProcAttr: &syscall.SysProcAttr{Credential: as},
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	end = func() {
		if !ended {
			ended = true
			_ = in.Close()
			_ = cmd.Wait()
		}
	}
	t.Cleanup(end)
	accepted, err := ln.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = accepted.Close() })
	return accepted, cmd, end
}

func TestOfIsTheProcessThatConnected(t *testing.T) {
	conn, cmd, _ := connect(t, []string{"x"}, nil)
	p, err := peer.Of(conn)
	if err != nil {
		t.Fatal(err)
	}
	if p.UID != os.Getuid() || p.PID != cmd.Process.Pid || !p.Ours() {
		t.Errorf("got %d, %d", p.UID, p.PID)
	}
}

func TestAnotherUserIsNotOurs(t *testing.T) {
	proctest.Root(t)
	if (peer.Peer{UID: os.Getuid() + 1}).Ours() {
		t.Error("another user is ours")
	}
	conn, _, _ := connect(t, []string{"x"}, &syscall.Credential{Uid: 65534, Gid: 65534})
	p, err := peer.Of(conn)
	if err != nil {
		t.Fatal(err)
	}
	if p.UID != 65534 || p.Ours() {
		t.Errorf("uid %d, ours: %v", p.UID, p.Ours())
	}
}

func TestDescribeShowsWhatAProcessClaims(t *testing.T) {
	long := strings.Repeat("é", 200)
	conn, _, end := connect(t, []string{"/opt/a b/aws", "s3", "ls\x1b[2J\n", "\xff", long}, nil)
	p, err := peer.Of(conn)
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.Describe()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"aws", "s3", "ls\uFFFD[2J\uFFFD", "\uFFFD", strings.Repeat("é", 79) + "…"}
	if !slices.Equal(c.Command, want) || c.PID != p.PID {
		t.Errorf("got %q", c.Command)
	}
	if len(c.Parents) == 0 || !strings.HasPrefix(filepath.Base(os.Args[0]), c.Parents[0]) {
		t.Errorf("its parents are %q, and we are %s", c.Parents, os.Args[0])
	}
	if line := c.String(); strings.ContainsAny(line, "\x1b\n") || !strings.HasPrefix(line, `"aws s3 ls`) {
		t.Errorf("shown as %s", line)
	}
	end()
	if c, err := p.Describe(); err == nil {
		t.Errorf("a process that ended is described as %v", c)
	}
}

func TestDescribeBoundsTheCommand(t *testing.T) {
	conn, _, _ := connect(t, slices.Repeat([]string{"x"}, 1000), nil)
	p, err := peer.Of(conn)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := p.Describe(); err != nil || len(c.Command) != 25 || c.Command[24] != "…" {
		t.Errorf("got %q, %v", c.Command, err)
	}
}

func TestPeerWithoutAConnectionIsNotDescribed(t *testing.T) {
	if _, err := (peer.Peer{PID: os.Getpid()}).Describe(); err == nil {
		t.Error("it is described")
	}
}
