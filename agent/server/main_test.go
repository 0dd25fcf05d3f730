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

	"golang.org/x/sys/unix"

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
	case "few descriptors":
		few := unix.Rlimit{Cur: 64, Max: 64}
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
			panic(err)
		}
		beAgent(path)
	case "flood":
		beFlood(path)
	default:
		if err := beCrowd(role, path); err != nil {
			fmt.Println("error:", err)
		}
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
	err = server.Serve(ctx, ln, answer, server.Options{})
	fmt.Println("ended:", err, ln.Release())
}

// answer is the handler of an agent that is a process of its own.
func answer(ctx context.Context, _ *server.Conn, _ wire.Call, method string) (any, error) {
	switch method {
	case "hang":
		<-ctx.Done()
		return nil, ctx.Err()
	case "long":
		return strings.Repeat("x", 1<<16), nil
	case "files":
		return openFiles(20), nil
	}
	return os.Getpid(), nil
}

// openFiles is how many files, of so many, could be open at once.
func openFiles(n int) (opened int) {
	for range n {
		f, err := os.Open(os.DevNull)
		if err != nil {
			return opened
		}
		defer f.Close()
		opened++
	}
	return opened
}

// beFlood opens as many connections as an attacker can, and keeps them.
func beFlood(path string) {
	var conns []net.Conn
	for range 1143 {
		conn, err := dialInTurn(path)
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
