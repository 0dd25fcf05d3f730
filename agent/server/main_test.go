//go:build unix

package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/mfad/mfad/agent/server"
	"github.com/mfad/mfad/agent/wire"
)

// roleVariable makes the test binary another process.
const roleVariable = "MFAD_TEST_SERVER"

func TestMain(m *testing.M) {
	role, path, _ := strings.Cut(os.Getenv(roleVariable), ":")
	switch role {
	case "":
		os.Exit(m.Run())
	case "agent":
		beAgent(path)
	case "flood":
		beFlood(path)
	}
}

// beAgent says whether it got to listen, then serves until its input ends.
func beAgent(path string) {
	ln, err := server.Listen(path)
	switch {
	case errors.Is(err, server.ErrRunning):
		fmt.Println("running:", err)
		return
	case err != nil:
		fmt.Println("error:", err)
		return
	}
	fmt.Println("listening:", os.Getpid())
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	err = server.Serve(ctx, ln, func(_ context.Context, c *server.Conn, _ wire.Call, _ string) (any, error) {
		return os.Getpid(), nil
	}, server.Options{})
	fmt.Println("ended:", err, ln.Release())
}

// beFlood opens as many connections as an attacker can, and keeps them.
func beFlood(path string) {
	var conns []net.Conn
	for range 1143 {
		conn, err := net.Dial("unix", path)
		if err != nil {
			fmt.Println("error:", err)
			return
		}
		conns = append(conns, conn)
	}
	fmt.Println("connected:", len(conns))
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// process is the test binary in a role.
type process struct {
	t   testing.TB
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func spawn(t testing.TB, role, path string, prepare func(*exec.Cmd)) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(os.Environ(), roleVariable+"="+role+":"+path)
	p.cmd.Stderr = os.Stderr
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if prepare != nil {
		prepare(p.cmd)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.in.Close()
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	return p
}

// line is what the process says next.
func (p *process) line() string {
	p.t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		p.t.Fatalf("reading from process %d: %q, %v", p.cmd.Process.Pid, line, err)
	}
	return strings.TrimSpace(line)
}
