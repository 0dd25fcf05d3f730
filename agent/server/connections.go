package server

import (
	"container/list"
	"slices"
	"sync"
	"time"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
)

// freshFor is how long a new connection may take to send its first request
// before it counts as idle.
const freshFor = wire.FrameTime

// connections holds the bounds: who is connected, who is idle since when, who waits,
// and how many calls run. Its mutex guards the maps for nanoseconds; sockets
// are closed, and connections started, outside of it.
type connections struct {
	mu      sync.Mutex
	room    sync.Cond // a connection left, fell idle, or stopping began
	count   int
	byPID   map[int]int
	idle    *list.List // of *Conn, the one whose last call began first in front
	turns   uint64     // counts what turn of a Conn is
	waiting []*Conn    // oldest first: their process has no room
	running int        // calls
	stopped bool
	drained chan struct{} // closed when stopped and no call runs
	onCount func(int)
	start   func(*Conn) // begins to read from a connection that counts
}

func newConnections(onCount func(int), start func(*Conn)) *connections {
	s := &connections{start: start, byPID: map[int]int{}, idle: list.New(), drained: make(chan struct{}), onCount: onCount}
	if onCount == nil {
		s.onCount = func(int) {}
	}
	s.room.L = &s.mu
	return s
}

// admit starts c. When its process has all that one may have, the oldest idle
// connection of the process goes; if none is idle, c waits its turn. When the
// agent has all that it may have, the oldest idle one goes; if none is idle,
// admit waits for one.
func (s *connections) admit(c *Conn) {
	s.mu.Lock()
	var out *Conn
	if pid := c.peer.PID; pid != 0 && s.byPID[pid] >= maxConnsPerPID {
		if out = s.oldestLocked(pid); out == nil {
			out = s.parkLocked(c)
			s.mu.Unlock()
			if out != nil {
				_ = out.stream.Close()
			}
			return
		}
	}
	for out == nil && s.count >= maxConns && !s.stopped {
		if out = s.oldestLocked(0); out == nil {
			ripe := time.AfterFunc(freshFor, s.room.Broadcast)
			s.room.Wait()
			ripe.Stop()
		}
	}
	if out != nil {
		s.dropLocked(out)
	}
	admitted := !s.stopped
	if admitted {
		s.takeLocked(c)
	}
	s.mu.Unlock()
	if out != nil {
		_ = out.stream.Close()
	}
	if admitted {
		s.start(c)
	} else {
		_ = c.stream.Close()
	}
}

// parkLocked lets c wait for a connection of its process to end, to finish its
// calls, or to turn out idle. When too many wait, out is the one to close: the
// last of the process that has the most.
func (s *connections) parkLocked(c *Conn) (out *Conn) {
	if s.stopped {
		return c
	}
	s.waiting = append(s.waiting, c)
	time.AfterFunc(freshFor, func() { s.relieve(c) })
	if len(s.waiting) <= maxWaiting {
		return nil
	}
	count, most := map[int]int{}, c.peer.PID
	for _, w := range s.waiting {
		if count[w.peer.PID]++; count[w.peer.PID] > count[most] {
			most = w.peer.PID
		}
	}
	for i, w := range slices.Backward(s.waiting) {
		if w.peer.PID == most {
			s.waiting = slices.Delete(s.waiting, i, i+1)
			return w
		}
	}
	return nil
}

// relieve starts c, if it still waits: where its process has room by now, else
// in place of the oldest idle connection of the process. If there is none, it
// tries again later.
func (s *connections) relieve(c *Conn) {
	s.mu.Lock()
	i := slices.Index(s.waiting, c)
	if i < 0 {
		s.mu.Unlock()
		return
	}
	room, pid := s.count < maxConns, 0
	if s.byPID[c.peer.PID] >= maxConnsPerPID {
		room, pid = false, c.peer.PID
	}
	var out *Conn
	if !room {
		out = s.oldestLocked(pid)
	}
	if out != nil {
		s.dropLocked(out)
		room = true
	}
	if room {
		s.waiting = slices.Delete(s.waiting, i, i+1)
		s.takeLocked(c)
	} else {
		time.AfterFunc(freshFor, func() { s.relieve(c) })
	}
	s.mu.Unlock()
	if out != nil {
		_ = out.stream.Close()
	}
	if room {
		s.start(c)
	}
}

// takeLocked counts c in.
func (s *connections) takeLocked(c *Conn) {
	c.counted, c.since = true, time.Now()
	s.turnLocked(c)
	s.idleLocked(c)
	s.count++
	s.byPID[c.peer.PID]++
	s.onCount(s.count)
}

// turnLocked notes that c was used just now.
func (s *connections) turnLocked(c *Conn) {
	s.turns++
	c.turn = s.turns
}

// idleLocked puts c into its place among the idle: calls that began in one
// order may end in another, and a client sees its answer before we see the end.
func (s *connections) idleLocked(c *Conn) {
	for e := s.idle.Back(); e != nil; e = e.Prev() {
		if e.Value.(*Conn).turn < c.turn {
			c.idle = s.idle.InsertAfter(c, e)
			return
		}
	}
	c.idle = s.idle.PushFront(c)
}

// dropLocked counts c out.
func (s *connections) dropLocked(c *Conn) {
	c.counted = false
	if c.idle != nil {
		s.idle.Remove(c.idle)
		c.idle = nil
	}
	s.count--
	if s.byPID[c.peer.PID]--; s.byPID[c.peer.PID] == 0 {
		delete(s.byPID, c.peer.PID)
	}
	s.onCount(s.count)
}

// oldestLocked is the connection that is idle for the longest time, of the
// process pid unless that is 0; nil if there is none. A fresh connection is
// not idle yet: its first request may be on its way.
func (s *connections) oldestLocked(pid int) *Conn {
	for e := s.idle.Front(); e != nil; e = e.Next() {
		c := e.Value.(*Conn)
		if (pid == 0 || c.peer.PID == pid) && (c.served || time.Since(c.since) >= freshFor) {
			return c
		}
	}
	return nil
}

// evict closes the oldest idle connection.
func (s *connections) evict() {
	s.mu.Lock()
	out := s.oldestLocked(0)
	if out != nil {
		s.dropLocked(out)
	}
	s.mu.Unlock()
	if out != nil {
		_ = out.stream.Close()
	}
}

// remove forgets a closed connection, and starts one of its process that waits.
func (s *connections) remove(c *Conn) {
	s.mu.Lock()
	if c.counted {
		s.dropLocked(c)
	}
	s.room.Signal()
	next := s.unparkLocked(c.peer.PID)
	s.mu.Unlock()
	if next != nil {
		s.start(next)
	}
}

// unparkLocked counts in the first waiting connection of the process, if
// there is room.
func (s *connections) unparkLocked(pid int) *Conn {
	if s.stopped || s.count >= maxConns || s.byPID[pid] >= maxConnsPerPID {
		return nil
	}
	i := slices.IndexFunc(s.waiting, func(c *Conn) bool { return c.peer.PID == pid })
	if i < 0 {
		return nil
	}
	c := s.waiting[i]
	s.waiting = slices.Delete(s.waiting, i, i+1)
	s.takeLocked(c)
	return c
}

// begin counts a call in, or says why it may not run.
func (s *connections) begin(c *Conn) *errcode.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return errcode.Bare(errcode.Stopping)
	}
	if c.calls >= maxCalls {
		return errcode.Errorf(errcode.Busy, "more than %d calls at once on one connection", maxCalls)
	}
	c.calls++
	s.running++
	s.turnLocked(c)
	if c.idle != nil {
		s.idle.Remove(c.idle)
		c.idle = nil
	}
	return nil
}

// end counts a call out. Where a connection of the same process waits, the
// oldest idle one makes room for it now.
func (s *connections) end(c *Conn) {
	s.mu.Lock()
	c.calls--
	c.served = true
	s.running--
	var out *Conn
	if c.calls == 0 && c.counted {
		s.idleLocked(c)
		s.room.Signal()
		if s.awaitedLocked(c.peer.PID) {
			out = s.oldestLocked(c.peer.PID)
			s.dropLocked(out)
		}
	}
	s.drainedLocked()
	s.mu.Unlock()
	if out != nil {
		_ = out.stream.Close()
	}
}

// awaitedLocked tells whether a connection of the process waits.
func (s *connections) awaitedLocked(pid int) bool {
	return slices.ContainsFunc(s.waiting, func(c *Conn) bool { return c.peer.PID == pid })
}

// stop refuses calls and connections from now on. The channel is closed when
// no call runs.
func (s *connections) stop() <-chan struct{} {
	s.mu.Lock()
	waiting := s.waiting
	s.waiting = nil
	if !s.stopped {
		s.stopped = true
		s.drainedLocked()
	}
	s.room.Broadcast()
	s.mu.Unlock()
	for _, c := range waiting {
		_ = c.stream.Close()
	}
	return s.drained
}

func (s *connections) drainedLocked() {
	if s.stopped && s.running == 0 {
		select {
		case <-s.drained:
		default:
			close(s.drained)
		}
	}
}
