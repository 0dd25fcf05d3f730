package server

import (
	"container/list"
	"sync"
	"time"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
)

const (
	// freshFor is how long a new connection may take to send its first request
	// before another of its own process takes its place.
	freshFor = wire.FrameTime
	// soloFor is likewise, of the only connection of a process, before that of
	// another process does.
	soloFor = 50 * time.Millisecond
	// restFor is how long a silent connection stays, when who wants its place has
	// some already.
	restFor = 250 * time.Millisecond
	// stuckAfter is how long an answer may take to be written before its
	// connection counts as silent: the peer does not read.
	stuckAfter = 250 * time.Millisecond
	// lookAgain is how often those who wait are looked at, beside each time that
	// something ends: a connection falls silent without a word.
	lookAgain = 50 * time.Millisecond
	// lookPause is how long they are not looked at again, whatever ends.
	lookPause = 5 * time.Millisecond
	// mostRelieved is how many of them are served at one look.
	mostRelieved = 16
)

// connections holds the bounds: who is connected, who is silent since when, who
// waits, and how many calls run. Nothing in it waits for a peer. Its mutex guards
// the maps; sockets are closed, and connections started, outside of it.
type connections struct {
	bounds  bounds
	onCount func(int)
	start   func(*Conn) // begins to read from a connection that is served

	mu       sync.Mutex
	served   map[*Conn]bool
	holders  map[int]*holder
	silent   *list.List // of *Conn that are served and work on nothing, the one used first in front
	turns    uint64     // counts what turn of a Conn is
	waiting  []*Conn    // accepted and not read, oldest first
	look     *time.Timer
	relieved time.Time // when they were looked at last
	running  int       // calls
	stopped  bool
	drained  chan struct{} // closed when stopped and no call runs
}

// A holder is a process, as far as the kernel tells it: a process cannot take
// another's place. It can have children, so that many holders may be one program;
// none of them gains by that, because what is silent goes first in any case.
type holder struct {
	pid    int
	served int // connections that are read
	silent int // of these
	waits  int // connections that are not read yet
}

func (h *holder) all() int { return h.served + h.waits }

func newConnections(b bounds, onCount func(int), start func(*Conn)) *connections {
	if onCount == nil {
		onCount = func(int) {}
	}
	s := &connections{
		bounds: b, onCount: onCount, start: start,
		served: map[*Conn]bool{}, holders: map[int]*holder{}, silent: list.New(), drained: make(chan struct{}),
	}
	s.look = time.AfterFunc(time.Hour, s.relieve)
	s.look.Stop()
	return s
}

// admit serves c, or lets it wait until there is room for it; it never waits
// itself. Where there is no room, a connection goes that [connections.placeLocked]
// finds, or when too many wait, one of those. Who is gone already costs no more than
// this.
func (s *connections) admit(c *Conn) {
	spoken, gone := peek(c.socket)
	s.mu.Lock()
	if s.stopped || gone {
		s.mu.Unlock()
		c.close()
		return
	}
	c.holder = s.holderLocked(c.peer.PID)
	out, served := s.placeLocked(c.holder, spoken)
	if served {
		if out != nil {
			s.dropLocked(out)
		}
		s.takeLocked(c)
	} else {
		out = s.parkLocked(c)
	}
	s.mu.Unlock()
	if out != nil {
		out.close()
	}
	if served {
		s.start(c)
	}
}

func (s *connections) holderLocked(pid int) *holder {
	h := s.holders[pid]
	if h == nil {
		h = &holder{pid: pid}
		s.holders[pid] = h
	}
	return h
}

// parkLocked lets c wait. When too many wait, out is the one to close: the last
// of the process that holds the most.
func (s *connections) parkLocked(c *Conn) (out *Conn) {
	s.waiting = append(s.waiting, c)
	c.holder.waits++
	s.look.Reset(lookAgain)
	if len(s.waiting) <= s.bounds.waiting {
		return nil
	}
	last := 0
	for i, w := range s.waiting {
		if w.holder.all() >= s.waiting[last].holder.all() {
			last = i
		}
	}
	return s.unparkLocked(last)
}

// unparkLocked takes one out of those who wait.
func (s *connections) unparkLocked(i int) *Conn {
	c := s.waiting[i]
	s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
	c.holder.waits--
	s.forgetLocked(c.holder)
	return c
}

// forgetLocked lets a holder go that holds nothing.
func (s *connections) forgetLocked(h *holder) {
	if h.all() == 0 {
		delete(s.holders, h.pid)
	}
}

// takeLocked counts c in.
func (s *connections) takeLocked(c *Conn) {
	s.holders[c.holder.pid] = c.holder // it may have been let go meanwhile
	s.served[c] = true
	c.holder.served++
	s.useLocked(c)
	s.restLocked(c)
	s.onCount(len(s.served))
}

// dropLocked counts c out.
func (s *connections) dropLocked(c *Conn) {
	delete(s.served, c)
	s.wakeLocked(c)
	c.holder.served--
	s.forgetLocked(c.holder)
	s.onCount(len(s.served))
}

// useLocked notes that c was used just now.
func (s *connections) useLocked(c *Conn) {
	s.turns++
	c.turn = s.turns
}

// restLocked puts c into its place among the silent: calls that began in one
// order may end in another, and a client sees its answer before we see the end.
func (s *connections) restLocked(c *Conn) {
	c.holder.silent++
	c.rested = time.Now()
	for e := s.silent.Back(); e != nil; e = e.Prev() {
		if e.Value.(*Conn).turn < c.turn {
			c.silent = s.silent.InsertAfter(c, e)
			return
		}
	}
	c.silent = s.silent.PushFront(c)
}

// wakeLocked takes c out from among the silent, if it is one.
func (s *connections) wakeLocked(c *Conn) {
	if c.silent != nil {
		s.silent.Remove(c.silent)
		c.silent = nil
		c.holder.silent--
	}
}

// remove forgets a closed connection.
func (s *connections) remove(c *Conn) {
	s.mu.Lock()
	if s.served[c] {
		s.dropLocked(c)
	}
	s.mu.Unlock()
	s.relieveAgain()
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
	c.working++
	s.running++
	s.useLocked(c)
	s.wakeLocked(c)
	return nil
}

// worked says that a call's work is done, and its answer not yet written.
func (s *connections) worked(c *Conn) {
	s.mu.Lock()
	if c.working--; c.working == 0 && s.served[c] {
		s.restLocked(c)
	}
	s.mu.Unlock()
}

// end counts a call out. Who waits may have its place; a peer that has said its
// last word has heard ours.
func (s *connections) end(c *Conn) {
	s.mu.Lock()
	c.calls--
	c.answered = true
	s.running--
	over := c.deaf && c.calls == 0
	s.drainedLocked()
	s.mu.Unlock()
	if over {
		c.close()
	}
	s.relieveAgain()
}

// deafen says that the peer sends no more. It is true while calls run, for the
// peer may still read.
func (s *connections) deafen(c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.deaf = true
	return c.calls > 0
}

// stop refuses calls and connections from now on. The channel is closed when
// no call runs.
func (s *connections) stop() <-chan struct{} {
	s.mu.Lock()
	waiting := s.waiting
	s.waiting = nil
	s.look.Stop()
	if !s.stopped {
		s.stopped = true
		s.drainedLocked()
	}
	s.mu.Unlock()
	for _, c := range waiting {
		c.close()
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
