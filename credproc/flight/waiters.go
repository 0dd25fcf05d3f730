package flight

import (
	"context"
	"slices"
	"sync"
)

// Waiters are those who wait for one piece of work, as the work sees them. All
// its methods are for the work alone, and only while it runs.
type Waiters[A any] struct {
	mu   *sync.Mutex   // the group's
	came chan struct{} // has room for one: somebody has come

	present []*waiter[A] // in the order in which they came
	told    func(context.Context, A)
	passed  func(error) bool // set once all have passed on a question
}

// waiter is one call of Do.
type waiter[A any] struct {
	ctx   context.Context
	asker A
	wake  chan struct{} // has room for one: there is something to hear
	heard []func(context.Context, A)
	late  bool // came after all others had passed on a question
}

// Ask puts a question to one waiter at a time, the one who came first before
// the others, until one answers: question returns nil. The context given to
// question is the waiter's own, with its values, and ends with the work's too.
//
// When the waiter leaves, the question is withdrawn there and put to the next.
// When question returns an error for which pass is true, the waiter cannot answer
// and the next is asked; if all have passed, Ask returns the last such error.
// Any other error ends Ask. Question must return when its context ends.
func (w *Waiters[A]) Ask(ctx context.Context, question func(context.Context, A) error, pass func(error) bool) error {
	passed := make(map[*waiter[A]]error)
	for {
		next, err := w.next(ctx, passed, pass)
		if err != nil {
			return err
		}
		err = askOne(ctx, next, question)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case next.ctx.Err() != nil: // left: whatever the error says, it is no answer
		case pass(err):
			passed[next] = err
		default:
			return err
		}
	}
}

func askOne[A any](ctx context.Context, w *waiter[A], question func(context.Context, A) error) error {
	asked, cancel := context.WithCancelCause(w.ctx)
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	defer stop()
	return question(asked, w.asker)
}

// next is the first waiter who has not passed. While all who are present are
// about to leave it waits: the last one's leaving ends ctx, unless another comes
// before.
func (w *Waiters[A]) next(ctx context.Context, passed map[*waiter[A]]error, pass func(error) bool) (*waiter[A], error) {
	for {
		found, err := w.pick(passed, pass)
		if found != nil || err != nil {
			return found, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-w.came:
		}
	}
}

func (w *Waiters[A]) pick(passed map[*waiter[A]]error, pass func(error) bool) (found *waiter[A], last error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, each := range w.present {
		if each.ctx.Err() != nil {
			continue
		}
		err, has := passed[each]
		if !has {
			return each, nil
		}
		last = err
	}
	if last != nil {
		w.passed = pass
	}
	return nil, last
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
	each := &waiter[A]{ctx: ctx, asker: asker, wake: make(chan struct{}, 1), late: w.passed != nil}
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
	return err != nil && each.late && w.passed(err)
}

// hear runs what the waiter was told, in the waiter's goroutine.
func (w *Waiters[A]) hear(each *waiter[A]) {
	w.mu.Lock()
	heard := each.heard
	each.heard = nil
	w.mu.Unlock()
	for _, say := range heard {
		say(each.ctx, each.asker)
	}
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
