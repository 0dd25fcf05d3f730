package server

import (
	"runtime"
	"slices"
	"sync"
	"time"
)

// turns lets calls begin in turn, one process after the other, so that thousands
// of calls of one do not stand before the single one of another. A call has its
// turn until it ends, or for long enough to tell that it waits for something and
// needs no processor.
//
// Where processors are scarce a call that only computes takes longer than that. So
// the turns of a process become longer with each call that it has begun and that has
// not ended: it cannot fill the processors with calls that all wait for them.
type turns struct {
	share int // the most that one process has at a time

	mu    sync.Mutex
	free  int
	of    map[int]*queue // of the processes with calls
	queue []*queue       // those in which calls wait, the next one first
}

// queue is the calls of a process.
type queue struct {
	pid     int
	turns   int             // that it has now
	working int             // calls that have begun and not ended
	waiting []chan struct{} // calls that have not, the oldest first
}

// turnTime is the turn of a process's first call, and what each one more adds.
const turnTime = time.Millisecond

func newTurns() *turns {
	processors := runtime.GOMAXPROCS(0)
	return &turns{share: 2 * processors, free: 8 * processors, of: map[int]*queue{}}
}

// A turn is a call's.
type turn struct {
	over  chan struct{} // closed when it ends
	limit *time.Timer
	pass  func() // ends it; may be called again
	end   func() // likewise, of the call
}

// take waits for a turn of the process, which the call closes when it has ended.
func (t *turns) take(pid int) *turn {
	t.mu.Lock()
	q := t.of[pid]
	if q == nil {
		q = &queue{pid: pid}
		t.of[pid] = q
	}
	next := make(chan struct{})
	if q.waiting = append(q.waiting, next); len(q.waiting) == 1 {
		t.queue = append(t.queue, q)
	}
	t.serveLocked()
	t.mu.Unlock()
	<-next

	taken := &turn{over: make(chan struct{})}
	taken.pass = sync.OnceFunc(func() {
		close(taken.over)
		t.pass(q)
	})
	taken.end = func() { t.end(q) }
	taken.limit = time.AfterFunc(t.length(q), taken.pass)
	return taken
}

// serveLocked gives the turns that are free to the processes that wait.
func (t *turns) serveLocked() {
	for t.free > 0 {
		i := slices.IndexFunc(t.queue, func(q *queue) bool { return q.pid == 0 || q.turns < t.share })
		if i < 0 {
			return
		}
		q := t.queue[i]
		t.queue = slices.Delete(t.queue, i, i+1)
		t.free--
		q.turns++
		q.working++
		close(q.waiting[0])
		if q.waiting = q.waiting[1:]; len(q.waiting) > 0 {
			t.queue = append(t.queue, q)
		}
	}
}

// length is that of a turn that begins now.
func (t *turns) length(q *queue) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if q.pid == 0 { // all processes, where the system does not tell them apart
		return turnTime
	}
	return time.Duration(q.working) * turnTime
}

// pass ends a turn of the process, and lets another one begin.
func (t *turns) pass(q *queue) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free++
	q.turns--
	t.serveLocked()
}

// end ends a call whose turn is over.
func (t *turns) end(q *queue) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if q.working--; q.working == 0 && len(q.waiting) == 0 {
		delete(t.of, q.pid)
	}
}

// close ends the turn of a call that has ended.
func (t *turn) close() {
	t.limit.Stop()
	t.pass()
	t.end()
}
