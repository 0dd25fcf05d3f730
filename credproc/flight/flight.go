// Package flight makes one piece of work of many requests for the same thing.
//
// Whoever asks first starts the work; whoever asks while it runs rides along,
// and all get its result. The work belongs to no rider: it runs in a goroutine
// of its own until it is done or the last rider has left. While it runs it may
// put questions to its riders, one after the other, and tell things to all.
//
// The package caches nothing: once a flight has landed, the next request
// starts another.
package flight

import (
	"context"
	"sync"

	"github.com/mfad/mfad/internal/errcode"
)

var (
	// ErrAbandoned is the cause of the end of the work's context when the last
	// rider has left.
	ErrAbandoned = errcode.New(errcode.Dismissed, "nobody waits for it any more")
	// ErrClosed is what Do returns once the group is closed, and the cause of
	// the end of the work that ran then.
	ErrClosed = errcode.New(errcode.Stopping, "shutting down")
)

// A Group holds the flights of one kind: at most one for each key at a time.
// A rider brings an A, such as the way to ask the person behind a request. The
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
	riders Riders[A]
	cancel context.CancelCauseFunc
	done   chan struct{}
	value  V
	err    error
}

// Do returns what work returns for key, starting it unless it runs already:
// then the work that was given first counts. Do waits for the result or for
// ctx, whose cause it returns; a rider whose ctx has ended has left. The work's
// context carries no values of any rider's and ends when the last one leaves.
//
// Riders share an error as they share a value. There is one exception: a rider
// who came after all others had passed on a question of [Riders.Ask] does not
// inherit the refusal, but flies again and is asked.
func (g *Group[K, A, V]) Do(ctx context.Context, key K, asker A, work func(context.Context, *Riders[A]) (V, error)) (V, error) {
	for {
		f, r, err := g.board(ctx, key, asker, work)
		if err != nil {
			var zero V
			return zero, err
		}
		if err := g.ride(key, f, r); err != nil {
			var zero V
			return zero, err
		}
		if !f.riders.missed(r, f.err) {
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

func (g *Group[K, A, V]) board(ctx context.Context, key K, asker A, work func(context.Context, *Riders[A]) (V, error)) (*flight[A, V], *rider[A], error) {
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
	return f, f.riders.boardLocked(ctx, asker), nil
}

func (g *Group[K, A, V]) startLocked(key K, work func(context.Context, *Riders[A]) (V, error)) *flight[A, V] {
	if g.flights == nil {
		g.flights = make(map[K]*flight[A, V])
		g.base, g.end = context.WithCancelCause(context.Background())
	}
	ctx, cancel := context.WithCancelCause(g.base)
	f := &flight[A, V]{cancel: cancel, done: make(chan struct{})}
	f.riders.mu = &g.mu
	f.riders.boarded = make(chan struct{}, 1)
	g.flights[key] = f
	g.work.Go(func() {
		f.value, f.err = work(ctx, &f.riders)
		g.mu.Lock()
		g.removeLocked(key, f)
		g.mu.Unlock()
		cancel(nil)
		close(f.done)
	})
	return f
}

// ride waits until the flight has landed. An error says that the rider left.
func (g *Group[K, A, V]) ride(key K, f *flight[A, V], r *rider[A]) error {
	for {
		select {
		case <-f.done:
			return nil
		case <-r.wake:
			f.riders.hear(r)
		case <-r.ctx.Done():
			g.leave(key, f, r)
			f.riders.hear(r)
			select {
			case <-f.done: // landed at the same moment: the result counts
				return nil
			default:
				return context.Cause(r.ctx)
			}
		}
	}
}

// leave takes a rider off; the last one ends the work, and nobody boards it
// any more.
func (g *Group[K, A, V]) leave(key K, f *flight[A, V], r *rider[A]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f.riders.leaveLocked(r) == 0 {
		g.removeLocked(key, f)
		f.cancel(ErrAbandoned)
	}
}

func (g *Group[K, A, V]) removeLocked(key K, f *flight[A, V]) {
	if g.flights[key] == f {
		delete(g.flights, key)
	}
}
