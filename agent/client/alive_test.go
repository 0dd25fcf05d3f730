//go:build unix

package client

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/proctest"
)

// listening has answer serve each connection to the socket.
func listening(t *testing.T, socket string, answer func(net.Conn)) {
	t.Helper()
	ln, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(socket, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				answer(conn)
			}()
		}
	}()
}

func TestSignOfLifeIsAWholeLine(t *testing.T) {
	hold := func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }
	for name, row := range map[string]struct {
		answer func(net.Conn)
		within time.Duration
		want   bool
	}{
		"an answer": {func(conn net.Conn) { _, _ = io.WriteString(conn, "{}\n"); hold(conn) }, time.Minute, true},
		"goes away": {func(net.Conn) {}, time.Minute, true},
		"nothing":   {hold, time.Millisecond, false},
		"half a line": {
			func(conn net.Conn) { _, _ = io.WriteString(conn, `{"jsonrpc":`); hold(conn) }, time.Millisecond, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			socket := filepath.Join(proctest.Folder(t), "agent.sock")
			listening(t, socket, row.answer)
			if got := alive(socket, row.within); got != row.want {
				t.Errorf("it counts as alive: %t", got)
			}
		})
	}
	if !alive(filepath.Join(proctest.Folder(t), "none"), time.Minute) {
		t.Error("an agent that is not there counts as hung")
	}
}

// Two seconds where the agent asks nobody; and without end where it may wait.
func TestPatienceIsThatOfTheMethod(t *testing.T) {
	for method, want := range map[string]time.Duration{
		wire.MethodStatus: 2 * time.Second, wire.MethodVaultLock: 2 * time.Second, wire.MethodDeviceList: 2 * time.Second,
		wire.MethodCredentials: 5 * time.Second, wire.MethodVaultUnlock: 5 * time.Second,
	} {
		p := patienceFor(method)
		if got := silence + p.within; got != want || (p.most > 0) != wire.AsksNobody(method) {
			t.Errorf("%s: an agent that says nothing is hung after %v, and one that says it lives after %d times", method, got, p.most)
		}
	}
}

func TestHolderIsWhoHasTheLock(t *testing.T) {
	dir := proctest.Folder(t)
	socket, name := filepath.Join(dir, "agent.sock"), filepath.Join(dir, "agent.lock")
	if got := holder(socket, 7); got != 7 {
		t.Errorf("without a lock it is %d", got)
	}
	lock, err := durable.TryLock(name)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{"4711\n": 4711, "": 7, "-1\n": 7, "x": 7} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := holder(socket, 7); got != want {
			t.Errorf("of a lock with %q it is %d, want %d", text, got, want)
		}
	}
	if err := os.WriteFile(name, []byte("4711\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if got := holder(socket, 7); got != 7 {
		t.Errorf("of a lock that nobody has it is %d", got)
	}
	hung := &HungError{4711, socket}
	if err := hung.Kill(t.Context()); !errors.Is(err, ErrHung) {
		t.Errorf("a process that is not known as the agent is ended: %v", err)
	}
}

func TestAddressIsOfASocketOfOurs(t *testing.T) {
	dir := proctest.Folder(t)
	socket, file := filepath.Join(dir, "agent.sock"), filepath.Join(dir, "address")
	listening(t, socket, func(net.Conn) {})
	for text, want := range map[string]string{
		socket + "\n": socket, socket: socket,
		"": "", "agent.sock\n": "", socket + "\nmore\n": "", dir + "/none\n": "", file + "\n": "",
		"/" + strings.Repeat("x", 200) + "\n": "", strings.Repeat("/x", 4<<10): "",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Options{Address: file}.address()
		if (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("%.40q gives %q, %v", text, got, err)
		}
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", link, dir, filepath.Join(dir, "none")} {
		if _, err := (Options{Address: name}).address(); err == nil {
			t.Errorf("%q is taken for an address", name)
		}
	}
}

// What an agent took and did not answer is made again a few times, if it bears that;
// what no agent has taken is made again, too.
func TestCallsAreMadeAgain(t *testing.T) {
	dir := proctest.Folder(t)
	socket := filepath.Join(dir, "agent.sock")
	listening(t, socket, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	reset := &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	for name, row := range map[string]struct {
		method string
		err    error
		heard  bool
		want   int // times at most mostRepeated + 2 that it is made again
	}{
		"not taken":              {wire.MethodCode, reset, false, mostRepeated + 2},
		"not taken, said a word": {wire.MethodCode, reset, true, 0},
		"ended, bears it":        {wire.MethodStatus, io.EOF, false, mostRepeated},
		"ended, may have worked": {wire.MethodCode, io.EOF, false, 0},
		"refused":                {wire.MethodStatus, errcode.Bare(errcode.Busy), false, 0},
		"held elsewhere":         {wire.MethodStatus, errcode.Bare(errcode.VaultInUse), false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Dial(t.Context(), Options{Socket: socket, NoStart: true})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			var tries tries
			n := 0
			for c.broken, c.heard = true, row.heard; n < mostRepeated+2 && tries.again(t.Context(), c, row.method, row.err); n++ {
				c.broken = true
			}
			if n != row.want {
				t.Errorf("it is made again %d times, want %d", n, row.want)
			}
		})
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if new(tries).again(ended, &Client{broken: true}, wire.MethodStatus, reset) {
		t.Error("a call that has ended is made again")
	}
}

func TestWorkIsToldOfAProcessThatIsThere(t *testing.T) {
	if worked(0) != 0 || worked(-1) != 0 {
		t.Error("no process has worked")
	}
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		return // this system does not tell
	}
	before := worked(os.Getpid())
	for range 1_000_000 { // to ask is work
		if worked(os.Getpid()) > before {
			return
		}
	}
	t.Errorf("we have worked %d ticks, and no more since", before)
}
