package totp

import (
	"context"
	"slices"
	"time"
)

// queue is those who want a step of one device, in the order of their calls.
type queue struct{ waiters []*waiter }

// waiter is one caller in a queue.
type waiter struct {
	ready chan struct{} // closed when it is first in the queue
	wake  chan struct{} // holds a token when it should look again
}

// join enters the queue of a device and says how many are before.
func (l *Ledger) join(device string) (*waiter, int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.queues[device]
	if q == nil {
		q = &queue{}
		l.queues[device] = q
	}
	w := &waiter{ready: make(chan struct{}), wake: make(chan struct{}, 1)}
	q.waiters = append(q.waiters, w)
	if len(q.waiters) == 1 {
		close(w.ready)
	}
	return w, len(q.waiters) - 1
}

func (l *Ledger) leave(device string, w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.queues[device]
	place := slices.Index(q.waiters, w)
	q.waiters = slices.Delete(q.waiters, place, place+1)
	switch {
	case len(q.waiters) == 0:
		delete(l.queues, device)
	case place == 0:
		close(q.waiters[0].ready)
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

// wake lets the first in a device's queue look again.
func (l *Ledger) wake(device string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if q := l.queues[device]; q != nil {
		q.wakeFirst()
	}
}

func (l *Ledger) wakeAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, q := range l.queues {
		q.wakeFirst()
	}
}

func (q *queue) wakeFirst() {
	select {
	case q.waiters[0].wake <- struct{}{}:
	default: // it is going to look already
	}
}
