package flight

import (
	"context"
	"slices"
	"sync"
)

// Riders are those who wait for one piece of work, as the work sees them. All
// its methods are for the work alone, and only while it runs.
type Riders[A any] struct {
	mu      *sync.Mutex   // the group's
	boarded chan struct{} // has room for one: somebody has come

	aboard []*rider[A] // in the order in which they came
	told   func(context.Context, A)
	passed func(error) bool // set once all have passed on a question
}

// rider is one call of Do.
type rider[A any] struct {
	ctx   context.Context
	asker A
	wake  chan struct{} // has room for one: there is something to hear
	heard []func(context.Context, A)
	late  bool // came after all others had passed on a question
}

// Ask puts a question to one rider at a time, the one who came first before
// the others, until one answers: question returns nil. The context given to
// question is the rider's own, with its values, and ends with the work's too.
//
// When the rider leaves, the question is withdrawn there and put to the next.
// When question returns an error of which pass holds, the rider cannot answer
// and the next is asked; if all have passed, Ask returns the last such error.
// Any other error ends Ask. Question must return when its context ends.
func (r *Riders[A]) Ask(ctx context.Context, question func(context.Context, A) error, pass func(error) bool) error {
	passed := make(map[*rider[A]]error)
	for {
		next, err := r.next(ctx, passed, pass)
		if err != nil {
			return err
		}
		err = ask(ctx, next, question)
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

func ask[A any](ctx context.Context, r *rider[A], question func(context.Context, A) error) error {
	asked, cancel := context.WithCancelCause(r.ctx)
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	defer stop()
	return question(asked, r.asker)
}

// next is the first rider aboard who has not passed. While all those aboard
// are about to leave it waits: the last one's leaving ends ctx, unless another
// comes before.
func (r *Riders[A]) next(ctx context.Context, passed map[*rider[A]]error, pass func(error) bool) (*rider[A], error) {
	for {
		found, err := r.pick(passed, pass)
		if found != nil || err != nil {
			return found, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-r.boarded:
		}
	}
}

func (r *Riders[A]) pick(passed map[*rider[A]]error, pass func(error) bool) (found *rider[A], last error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, each := range r.aboard {
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
		r.passed = pass
	}
	return nil, last
}

// Tell has say called for every rider, and for those who come later if nothing
// else has been told by then. It does not wait: say runs in the goroutine of
// each rider's Do, with its context, so that a slow rider delays none but itself.
func (r *Riders[A]) Tell(say func(context.Context, A)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = say
	for _, each := range r.aboard {
		each.tellLocked(say)
	}
}

// Aboard are those who ride now, in the order in which they came.
func (r *Riders[A]) Aboard() []A {
	r.mu.Lock()
	defer r.mu.Unlock()
	var askers []A
	for _, each := range r.aboard {
		if each.ctx.Err() == nil {
			askers = append(askers, each.asker)
		}
	}
	return askers
}

func (r *Riders[A]) boardLocked(ctx context.Context, asker A) *rider[A] {
	each := &rider[A]{ctx: ctx, asker: asker, wake: make(chan struct{}, 1), late: r.passed != nil}
	r.aboard = append(r.aboard, each)
	if r.told != nil {
		each.tellLocked(r.told)
	}
	signal(r.boarded)
	return each
}

func (r *Riders[A]) leaveLocked(gone *rider[A]) (left int) {
	r.aboard = slices.DeleteFunc(r.aboard, func(each *rider[A]) bool { return each == gone })
	return len(r.aboard)
}

// missed says that a rider came too late to be asked what ended the work.
func (r *Riders[A]) missed(each *rider[A], err error) bool {
	return err != nil && each.late && r.passed(err)
}

// hear runs what the rider was told, in the rider's goroutine.
func (r *Riders[A]) hear(each *rider[A]) {
	r.mu.Lock()
	heard := each.heard
	each.heard = nil
	r.mu.Unlock()
	for _, say := range heard {
		say(each.ctx, each.asker)
	}
}

func (r *rider[A]) tellLocked(say func(context.Context, A)) {
	r.heard = append(r.heard, say)
	signal(r.wake)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
