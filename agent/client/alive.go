package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/mfad/mfad/agent/peer"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/durable"
)

// ErrHung is what every [*HungError] wraps.
var ErrHung = errors.New("the agent does not answer")

// HungError says that an agent is there and answers nothing: it was stopped, or
// hangs. It wraps [ErrHung].
type HungError struct {
	PID    int // 0 if it is not known
	Socket string
}

func (e *HungError) Error() string {
	if e.PID == 0 {
		return "the agent on " + e.Socket + " does not answer"
	}
	return fmt.Sprintf("the agent (pid %d) does not answer", e.PID)
}

// Unwrap implements errors.Is.
func (e *HungError) Unwrap() error { return ErrHung }

// silence is after how long without a word an agent is asked whether it is alive.
// One that works and does not get to answer that is crowded, not hung.
const silence = time.Second

// patience is how the agent is asked, which depends on what it is called for.
type patience struct {
	within time.Duration // it has to say so
	every  time.Duration
	most   int // times; 0: without end
}

// patienceFor is that with a method. Where the agent asks nobody, one that says
// nothing at all is hung after two seconds with the silence before; one that says
// that it is alive, and never answers the call, after some more. Where it may ask
// or compute, only the call's own end ends that.
func patienceFor(method string) patience {
	if wire.AsksNobody(method) {
		return patience{within: time.Second, every: time.Second, most: 5}
	}
	return patience{within: 4 * time.Second, every: 5 * time.Second}
}

// dialTime is how long the agent's queue of callers may stay full.
const dialTime = 2 * time.Second

// watch looks after the agent while a call runs, and ends the call by end when the
// agent is hung. The caller stops it.
func (c *Client) watch(method string, end func(error)) (stop func()) {
	done := make(chan struct{})
	socket, pid, p := c.socket, c.pid, patienceFor(method)
	timer := time.AfterFunc(silence, func() {
		agent := holder(socket, 0) // what else listens is given no more time
		for asked := 1; ; asked++ {
			before := worked(agent)
			if !alive(socket, p.within) && worked(agent) == before {
				break
			}
			if asked == p.most {
				break // it lives, and something in it does not
			}
			select {
			case <-done:
				return
			case <-time.After(p.every):
			}
		}
		select {
		case <-done:
		default:
			end(&HungError{holder(socket, pid), socket})
		}
	})
	return func() {
		timer.Stop()
		close(done)
	}
}

// alive tells whether the agent answers anything, in a whole line. One that is gone
// counts: the call that waits for it sees that by itself.
func alive(socket string, within time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	conn, err := dial(ctx, socket)
	if err != nil {
		return ctx.Err() == nil
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(within))
	_, err = fmt.Fprintf(conn, `{"jsonrpc":"2.0","id":1,"method":%q,"params":{"v":%d,"client":"","tty":false}}`+"\n",
		wire.MethodPing, wire.Protocol)
	if err == nil {
		_, err = bufio.NewReader(conn).ReadSlice('\n')
	}
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

// holder is the process that serves the socket: the one that holds the agent's
// lock, as the lock's file says; else peer, which a service manager may be.
func holder(socket string, peer int) int {
	name := filepath.Join(filepath.Dir(socket), "agent.lock")
	text, err := os.ReadFile(name)
	if err != nil {
		return peer
	}
	pid, err := strconv.Atoi(string(bytes.TrimSpace(text)))
	if err != nil || pid <= 0 || !held(name) {
		return peer
	}
	return pid
}

// held tells whether a process has the lock.
func held(name string) bool {
	lock, err := durable.TryLock(name)
	if err == nil {
		_ = lock.Unlock()
	}
	return errors.Is(err, durable.ErrLocked)
}

// Kill ends an agent that is hung, if it is ours and the only one on its socket,
// and returns when it has let go of its lock, or ctx ends. What it had not written
// is lost; its stores bear that. The error wraps [ErrHung] when nobody knows the
// process, or the system does not let us.
func (e *HungError) Kill(ctx context.Context) error {
	lock := filepath.Join(filepath.Dir(e.Socket), "agent.lock")
	process, err := os.FindProcess(e.PID) // by a handle: the pid may be another's later
	if err != nil || e.PID <= 1 {
		return e
	}
	defer func() { _ = process.Release() }()
	if holder(e.Socket, 0) != e.PID {
		return fmt.Errorf("%w, and it is not known whether process %d is the agent", e, e.PID)
	}
	if err := process.Kill(); err != nil {
		return fmt.Errorf("%w, and cannot be ended: %w", e, err)
	}
	free, err := durable.AwaitLock(ctx, lock)
	if err != nil {
		return fmt.Errorf("%w, and does not end: %w", e, err)
	}
	return free.Unlock()
}

// pidOf is the process that a connection was made to, 0 if that is not known.
func pidOf(conn *net.UnixConn) int {
	who, err := peer.Of(conn)
	if err != nil {
		return 0
	}
	return who.PID
}
