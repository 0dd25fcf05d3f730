package server

import (
	"runtime"
	"sync"
	"time"
)

// turns lets calls begin in turn, one process after the other, so that thousands
// of calls of one do not stand before the single one of another. A call has its
// turn until it ends, or for long enough to tell that it waits for something and
// needs no processor.
type turns struct {
	mu    sync.Mutex
	free  int
	queue []*queue // of the processes that wait; the first is next
	of    map[int]*queue
}

// queue is the calls of a process that wait for their turn, the oldest first.
type queue struct {
	pid   int
	calls []chan struct{}
}

// turnTime is the longest turn.
const turnTime = time.Millisecond

func newTurns() *turns {
	return &turns{free: 16 * runtime.GOMAXPROCS(0), of: map[int]*queue{}}
}

// A turn is a call's.
type turn struct {
	over  chan struct{} // closed when it ends
	limit *time.Timer
	end   func() // may be called again
}

// take waits for a turn of the process, which the call ends.
func (t *turns) take(pid int) *turn {
	t.mu.Lock()
	if t.free > 0 {
		t.free--
		t.mu.Unlock()
	} else {
		next := t.queueLocked(pid)
		t.mu.Unlock()
		<-next
	}
	taken := &turn{over: make(chan struct{})}
	taken.end = sync.OnceFunc(func() {
		close(taken.over)
		t.pass()
	})
	taken.limit = time.AfterFunc(turnTime, taken.end)
	return taken
}

// queueLocked is closed when it is the turn of the process again.
func (t *turns) queueLocked(pid int) (next chan struct{}) {
	q := t.of[pid]
	if q == nil {
		q = &queue{pid: pid}
		t.of[pid] = q
		t.queue = append(t.queue, q)
	}
	next = make(chan struct{})
	q.calls = append(q.calls, next)
	return next
}

// close ends the turn of a call that has ended.
func (t *turn) close() {
	t.limit.Stop()
	t.end()
}

// pass gives a turn to the next process.
func (t *turns) pass() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.queue) == 0 {
		t.free++
		return
	}
	q := t.queue[0]
	t.queue = t.queue[1:]
	close(q.calls[0])
	if q.calls = q.calls[1:]; len(q.calls) == 0 {
		delete(t.of, q.pid)
	} else {
		t.queue = append(t.queue, q)
	}
}
