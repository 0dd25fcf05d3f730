// Package flight makes one piece of work of many requests for the same thing: a
// single flight that can ask those who wait for it.
//
// Whoever asks first starts the work; whoever asks while it runs waits for it
// too, and all get its result. The work belongs to no waiter: it runs in a
// goroutine of its own until it is done or the last waiter has left. While it
// runs it may put questions to its waiters, and tell things to all. Who does not
// answer a question keeps the others from being asked for ten seconds at most.
//
// The package caches nothing: once a flight is over, the next request starts
// another. The broker of credproc makes sessions by it; the agent unlocks its
// vault by it.
package flight

import (
	"context"
	"sync"

	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/forget"
)

var (
	// ErrAbandoned is the cause of the end of the work's context when the last
	// waiter has left.
	ErrAbandoned = errcode.New(errcode.Dismissed, "nobody waits for it any more")
	// ErrClosed is what Do returns once the group is closed, and the cause of
	// the end of the work that ran then.
	ErrClosed = errcode.New(errcode.Stopping, "shutting down")
)

// A Group holds the flights of one kind: at most one for each key at a time.
// A waiter brings an A, such as the way to ask the person behind a request. The
// zero Group is ready for use.
type Group[K comparable, A, V any] struct {
	mu      sync.Mutex
	flights map[K]*flight[A, V]
	closed  bool
	base    context.Context // of all work; made with the first
	end     context.CancelCauseFunc
	work    sync.WaitGroup
}

// flight is one run of the work. Value and err are valid once done is closed.
type flight[A, V any] struct {
	waiters Waiters[A]
	cancel  context.CancelCauseFunc
	done    chan struct{}
	value   V
	err     error
}

// Work is what a flight does for those who wait for it.
type Work[A, V any] func(ctx context.Context, waiters *Waiters[A]) (V, error)

// Do returns what work returns for key, starting it unless it runs already:
// then the work that was given first counts. Do waits for the result or for
// ctx, whose cause it returns; a waiter whose ctx has ended has left. The work's
// context carries no values of any waiter's and ends when the last one leaves.
//
// Waiters share an error as they share a value, with two exceptions. A waiter who
// came after all others had passed on a question of [Waiters.Ask] does not inherit
// the refusal, but begins anew and is asked. And a waiter who declines a question,
// or is blamed for an answer ([Waiters.Blame]), gets that error alone while the
// others wait on.
func (g *Group[K, A, V]) Do(ctx context.Context, key K, asker A, work Work[A, V]) (V, error) {
	for {
		f, w, err := g.join(ctx, key, asker, work)
		if err != nil {
			var zero V
			return zero, err
		}
		if err := g.wait(key, f, w); err != nil {
			var zero V
			return zero, err
		}
		if !f.waiters.missed(w, f.err) {
			return f.value, f.err
		}
	}
}

// Close ends all work with ErrClosed and waits for it.
func (g *Group[K, A, V]) Close() {
	g.mu.Lock()
	g.closed = true
	if g.end != nil {
		g.end(ErrClosed)
	}
	g.mu.Unlock()
	g.work.Wait()
}

func (g *Group[K, A, V]) join(ctx context.Context, key K, asker A, work Work[A, V]) (*flight[A, V], *waiter[A], error) {
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil, nil, ErrClosed
	}
	f := g.flights[key]
	if f == nil {
		f = g.startLocked(key, work)
	}
	return f, f.waiters.joinLocked(ctx, asker), nil
}

func (g *Group[K, A, V]) startLocked(key K, work Work[A, V]) *flight[A, V] {
	if g.flights == nil {
		g.flights = make(map[K]*flight[A, V])
		g.base, g.end = context.WithCancelCause(context.Background())
	}
	ctx, cancel := context.WithCancelCause(g.base)
	f := &flight[A, V]{cancel: cancel, done: make(chan struct{})}
	f.waiters.mu = &g.mu
	f.waiters.group = &g.work
	f.waiters.came = make(chan struct{}, 1)
	f.waiters.turns, f.waiters.declines = make(map[string]int), make(map[string]int)
	g.flights[key] = f
	g.work.Go(func() {
		// What it makes are secrets, and what makes it holds some.
		f.value, f.err = forget.Value(func() (V, error) { return work(ctx, &f.waiters) })
		g.mu.Lock()
		g.removeLocked(key, f)
		g.mu.Unlock()
		cancel(nil)
		close(f.done)
	})
	return f
}

// wait waits until the flight is over, and lets the waiter hear all that was told
// by then. An error says that the waiter left, or was taken off.
func (g *Group[K, A, V]) wait(key K, f *flight[A, V], w *waiter[A]) error {
	defer func() { _ = f.waiters.hear(w) }()
	for {
		select {
		case <-f.done:
			return f.waiters.hear(w)
		case <-w.wake:
			if ended := f.waiters.hear(w); ended != nil {
				return ended
			}
		case <-w.ctx.Done():
			select {
			case <-f.done: // over at the same moment: the result counts
				return f.waiters.hear(w)
			default: // the work that ends because this waiter leaves has no result
				g.leave(key, f, w)
				return context.Cause(w.ctx)
			}
		}
	}
}

// leave takes a waiter off; the last one ends the work, and nobody joins it any
// more.
func (g *Group[K, A, V]) leave(key K, f *flight[A, V], w *waiter[A]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f.waiters.leaveLocked(w) == 0 {
		g.removeLocked(key, f)
		f.cancel(ErrAbandoned)
	}
}

func (g *Group[K, A, V]) removeLocked(key K, f *flight[A, V]) {
	if g.flights[key] == f {
		delete(g.flights, key)
	}
}
