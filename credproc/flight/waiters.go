package flight

import (
	"context"
	"slices"
	"sync"
)

// Waiters are those who wait for one piece of work, as the work sees them. All
// its methods are for the work alone, and only while it runs.
type Waiters[A any] struct {
	mu    *sync.Mutex     // the group's
	group *sync.WaitGroup // likewise, of what runs
	came  chan struct{}   // has room for one: somebody has come

	present  []*waiter[A] // in the order in which they came
	told     func(context.Context, A)
	judgeAll func(error) Verdict // set once all have passed on a question
	answered *waiter[A]          // who answered last
	turns    map[string]int      // how often each peer was asked
	declines map[string]int      // how often each peer has declined
}

// waiter is one call of Do.
type waiter[A any] struct {
	ctx   context.Context
	asker A
	wake  chan struct{} // has room for one: there is something to hear
	heard []func(context.Context, A)
	late  bool  // came after all others had passed on a question
	ended error // their call ends with it, while the work goes on
}

// Tell has say called for every waiter, and for those who come later if nothing
// else has been told by then. It does not wait: say runs in the goroutine of
// each waiter's Do, with its context, so that a slow waiter delays none but itself.
func (w *Waiters[A]) Tell(say func(context.Context, A)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = say
	for _, each := range w.present {
		each.tellLocked(say)
	}
}

// Present are those who wait now, in the order in which they came.
func (w *Waiters[A]) Present() []A {
	w.mu.Lock()
	defer w.mu.Unlock()
	var askers []A
	for _, each := range w.present {
		if each.ctx.Err() == nil {
			askers = append(askers, each.asker)
		}
	}
	return askers
}

func (w *Waiters[A]) joinLocked(ctx context.Context, asker A) *waiter[A] {
	each := &waiter[A]{ctx: ctx, asker: asker, wake: make(chan struct{}, 1), late: w.judgeAll != nil}
	w.present = append(w.present, each)
	if w.told != nil {
		each.tellLocked(w.told)
	}
	signal(w.came)
	return each
}

func (w *Waiters[A]) leaveLocked(gone *waiter[A]) (left int) {
	w.present = slices.DeleteFunc(w.present, func(each *waiter[A]) bool { return each == gone })
	return len(w.present)
}

// missed says that a waiter came too late to be asked what ended the work.
func (w *Waiters[A]) missed(each *waiter[A], err error) bool {
	return err != nil && each.late && w.judgeAll(err) != Ends
}

// hear runs what the waiter was told, in the waiter's goroutine. It returns with
// what the waiter's call ends while the work goes on, nil if it does not.
func (w *Waiters[A]) hear(each *waiter[A]) error {
	w.mu.Lock()
	heard, ended := each.heard, each.ended
	each.heard = nil
	w.mu.Unlock()
	for _, say := range heard {
		say(each.ctx, each.asker)
	}
	return ended
}

func (w *waiter[A]) tellLocked(say func(context.Context, A)) {
	w.heard = append(w.heard, say)
	signal(w.wake)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
