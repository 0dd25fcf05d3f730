package credproc

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/mfad/mfad/credproc/flight"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/internal/line"
)

// Relay is the Asker of work that several requests wait for. A question goes
// to the request that came first; when that one goes away it is withdrawn
// there and put to the next, and so it is when nobody can be asked there. A
// person who declines declines for all. Notices go to all.
func Relay(waiters *flight.Waiters[Asker]) Asker { return relay{waiters} }

type relay struct{ waiters *flight.Waiters[Asker] }

var _ progress = relay{}

// Ask implements [Asker].
func (r relay) Ask(ctx context.Context, q human.Question) (answer human.Answer, err error) {
	put := func(ctx context.Context, a Asker) (err error) {
		answer, err = a.Ask(ctx, q)
		return err
	}
	err = r.waiters.Ask(ctx, put, func(err error) bool { return errors.Is(err, human.ErrNoPrompt) })
	return answer, err
}

// Notice implements [Asker].
func (r relay) Notice(_ context.Context, text string) {
	r.waiters.Tell(func(ctx context.Context, a Asker) { a.Notice(ctx, text) })
}

// Act reaches all who wait now, and is taken back from each.
func (r relay) Act(_ context.Context, what string) func() {
	var mu sync.Mutex
	var taken []func()
	r.waiters.Tell(func(ctx context.Context, a Asker) {
		done := a.Act(ctx, what)
		mu.Lock()
		defer mu.Unlock()
		taken = append(taken, done)
	})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		for _, done := range taken {
			done()
		}
		taken = nil
	}
}

func (r relay) waitingFor(what string) {
	r.waiters.Tell(func(_ context.Context, a Asker) { waitingFor(a, what) })
}

func (r relay) failed(why error) {
	r.waiters.Tell(func(_ context.Context, a Asker) { failed(a, why) })
}

// Reach is that of the one who can be told best.
func (r relay) Reach() human.Reach {
	best := human.Nobody
	for _, a := range r.waiters.Present() {
		best = max(best, a.Reach())
	}
	return best
}

// progress is an Asker that keeps for itself what a request waits for, so that
// a request that gives up can say it.
type progress interface {
	Asker
	waitingFor(what string)
	// failed notes why the last try was for nothing.
	failed(why error)
}

func failed(a Asker, why error) {
	if p, ok := a.(progress); ok {
		p.failed(why)
	}
}

func waitingFor(a Asker, what string) {
	if p, ok := a.(progress); ok {
		p.waitingFor(what)
	}
}

// caller is the Asker of one request: it asks in the request's own name,
// whoever's work the question comes from, and remembers what is waited for.
type caller struct {
	Asker
	why  Purpose
	what atomic.Pointer[string]
	last atomic.Pointer[error]
}

var _ progress = (*caller)(nil)

func newCaller(ask Asker, why Purpose) *caller {
	c := &caller{Asker: ask, why: why}
	c.waitingFor("waiting for AWS")
	return c
}

// Ask implements [Asker].
func (c *caller) Ask(ctx context.Context, q human.Question) (human.Answer, error) {
	if q.Kind == human.Code {
		own := c.why
		own.Serial = q.Serial
		q = own.Question(q.Again)
	}
	return c.Asker.Ask(ctx, q)
}

// Notice implements [Asker].
func (c *caller) Notice(ctx context.Context, text string) {
	if text != "" {
		c.waitingFor(text)
	}
	c.Asker.Notice(ctx, text)
}

// Act implements [Asker].
func (c *caller) Act(ctx context.Context, what string) func() {
	c.waitingFor("waiting for you: " + what)
	return c.Asker.Act(ctx, what)
}

func (c *caller) waitingFor(what string) { c.what.Store(&what) }
func (c *caller) failed(why error)       { c.last.Store(&why) }

// waited is what is waited for, and why the last try was for nothing.
func (c *caller) waited() string {
	what := *c.what.Load()
	if why := c.last.Load(); why != nil {
		what += ", after: " + line.One((*why).Error())
	}
	return what
}
