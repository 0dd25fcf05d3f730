//go:build unix

package server_test

import (
	"context"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mfad/mfad/agent/server"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/proctest"
)

// OpenSSH's agent hangs for ever on as many.
func TestIdleFloodShutsNobodyOut(t *testing.T) {
	path := proctest.Folder(t) + "/agent.sock"
	p := spawn(t, "agent", path, nil)
	p.line()
	agent := strconv.Itoa(p.cmd.Process.Pid)
	answers := func(who string) {
		t.Helper()
		c := dial(t, path)
		c.call("1", "m")
		if got := string(c.read().Result); got != agent {
			t.Errorf("%s: got %s", who, got)
		}
	}
	flood := spawn(t, "flood", path, nil)
	if line := flood.line(); line != "connected: 1143" {
		t.Fatalf("the flood says %q", line)
	}
	answers("another process, beside one flood")
	for range 4 { // together they hold all connections that there are
		if line := spawn(t, "flood", path, nil).line(); line != "connected: 1143" {
			t.Fatalf("a flood says %q", line)
		}
	}
	answers("another process, beside five floods")
	var own []*raw
	for range 100 { // more than one process may have
		own = append(own, dial(t, path))
	}
	answers("the process that floods")
	for _, c := range own {
		_ = c.conn.Close()
	}
}

func TestConnectionsOfOneProcessAreBounded(t *testing.T) {
	var count atomic.Int64
	a := serve(t, echo, server.Options{OnCount: func(n int) { count.Store(int64(n)) }})
	first := dial(t, a.path)
	first.call("1", "m")
	first.read()
	second := dial(t, a.path)
	second.call("1", "m")
	second.read()
	first.call("2", "m") // the second is idle for longer now
	first.read()
	var rest []*raw
	for range 63 {
		c := dial(t, a.path)
		c.call("1", "m")
		c.read()
		rest = append(rest, c)
	}
	second.closed()
	first.call("3", "m")
	if m := first.read(); m.Error != nil {
		t.Errorf("the connection used last: %v", m.Error)
	}
	if n := count.Load(); n != 64 {
		t.Errorf("%d connections are counted", n)
	}
	for _, c := range rest {
		c.call("2", "m")
		c.read()
	}
}

// More callers than one process may have connections: all wait, none fails.
func TestCallersBeyondTheBoundWaitTheirTurn(t *testing.T) {
	const callers = 500
	var most, now atomic.Int64
	enough := make(chan struct{})
	a := serve(t, func(context.Context, *server.Conn, wire.Call, string) (any, error) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		if n == 64 {
			close(enough)
		}
		<-enough
		return os.Getpid(), nil
	}, server.Options{})
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			c := dial(t, a.path)
			c.call("1", "m")
			line, err := c.r.ReadString('\n')
			if err != nil {
				t.Errorf("a caller got %q, %v", line, err)
			}
			_ = c.conn.Close()
		})
	}
	all.Wait()
	if most.Load() != 64 {
		t.Errorf("%d calls ran at once", most.Load())
	}
}
