package totp

import (
	"context"
	"slices"
	"time"
)

// lane is the queue of callers that want a step of one device.
type lane struct{ queue []*waiter }

// waiter is one caller in a lane.
type waiter struct {
	ready chan struct{} // closed when it is first in the queue
	wake  chan struct{} // holds a token when it should look again
}

// join enters the lane of a device and says how many are before.
func (l *Ledger) join(device string) (*waiter, int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.lanes[device]
	if q == nil {
		q = &lane{}
		l.lanes[device] = q
	}
	w := &waiter{ready: make(chan struct{}), wake: make(chan struct{}, 1)}
	q.queue = append(q.queue, w)
	if len(q.queue) == 1 {
		close(w.ready)
	}
	return w, len(q.queue) - 1
}

func (l *Ledger) leave(device string, w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.lanes[device]
	place := slices.Index(q.queue, w)
	q.queue = slices.Delete(q.queue, place, place+1)
	switch {
	case len(q.queue) == 0:
		delete(l.lanes, device)
	case place == 0:
		close(q.queue[0].ready)
	}
}

// await returns when w is first and pause is over, or something has changed
// before; it returns the cause when ctx ends.
func (w *waiter) await(ctx context.Context, pause time.Duration) error {
	select {
	case <-w.ready:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if pause > 0 {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-w.wake:
		case <-ctx.Done():
		}
	}
	// Also when both were ready: who has gone gets no step.
	return context.Cause(ctx)
}

// wake lets the first in a device's lane look again.
func (l *Ledger) wake(device string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if q := l.lanes[device]; q != nil {
		q.wakeFirst()
	}
}

func (l *Ledger) wakeAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, q := range l.lanes {
		q.wakeFirst()
	}
}

func (q *lane) wakeFirst() {
	select {
	case q.queue[0].wake <- struct{}{}:
	default: // it is going to look already
	}
}
