package credproc

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/mfad/mfad/credproc/flight"
)

// Relay is the Asker of work that several requests wait for. A question goes
// to the request that came first; when that one goes away it is withdrawn
// there and put to the next, and so it is when nobody can be asked there. A
// person who declines declines for all. Notices go to all.
func Relay(riders *flight.Waiters[Asker]) Asker { return relay{riders} }

type relay struct{ riders *flight.Waiters[Asker] }

var _ progress = relay{}

func (r relay) Code(ctx context.Context, why Purpose, again string) (code string, err error) {
	err = r.ask(ctx, func(ctx context.Context, a Asker) (err error) {
		code, err = a.Code(ctx, why, again)
		return err
	})
	return code, err
}

func (r relay) Secret(ctx context.Context, q Question) (secret []byte, err error) {
	err = r.ask(ctx, func(ctx context.Context, a Asker) (err error) {
		secret, err = a.Secret(ctx, q)
		return err
	})
	return secret, err
}

func (r relay) Confirm(ctx context.Context, question string) (yes bool, err error) {
	err = r.ask(ctx, func(ctx context.Context, a Asker) (err error) {
		yes, err = a.Confirm(ctx, question)
		return err
	})
	return yes, err
}

func (r relay) Notice(_ context.Context, text string) {
	r.riders.Tell(func(ctx context.Context, a Asker) { a.Notice(ctx, text) })
}

// Act reaches all who ride now, and is taken back from each.
func (r relay) Act(_ context.Context, what string) func() {
	var mu sync.Mutex
	var taken []func()
	r.riders.Tell(func(ctx context.Context, a Asker) {
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
	r.riders.Tell(func(_ context.Context, a Asker) { waitingFor(a, what) })
}

func (r relay) ask(ctx context.Context, question func(context.Context, Asker) error) error {
	return r.riders.Ask(ctx, question, func(err error) bool { return errors.Is(err, ErrNoPrompt) })
}

// Reach is how far an Asker reaches.
type Reach int

// What there may be behind an Asker. An Asker that does not tell by a method
// Reach() Reach is Somebody.
const (
	Nobody   Reach = iota // work in the background, for nobody
	Somebody              // who waits, and may see nothing of what they are told
	Person                // who can be told what to do
)

type reacher interface{ Reach() Reach }

// ReachOf tells how far ask reaches, for what would be in vain without anybody,
// such as to wait for a touch.
func ReachOf(ask Asker) Reach {
	if r, ok := ask.(reacher); ok {
		return r.Reach()
	}
	return Somebody
}

var _, _, _ reacher = relay{}, (*caller)(nil), silent{}

// Reach is that of the rider who can be told best.
func (r relay) Reach() Reach {
	best := Nobody
	for _, a := range r.riders.Present() {
		best = max(best, ReachOf(a))
	}
	return best
}

// progress is an Asker that keeps for itself what a request waits for, so that
// a request that gives up can say it.
type progress interface{ waitingFor(what string) }

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
}

var _ progress = (*caller)(nil)

func newCaller(ask Asker, why Purpose) *caller {
	c := &caller{Asker: ask, why: why}
	c.waitingFor("waiting for AWS")
	return c
}

func (c *caller) Code(ctx context.Context, why Purpose, again string) (string, error) {
	own := c.why
	own.Serial, own.KeyID = why.Serial, why.KeyID
	return c.Asker.Code(ctx, own, again)
}

func (c *caller) Notice(ctx context.Context, text string) {
	if text != "" {
		c.waitingFor(text)
	}
	c.Asker.Notice(ctx, text)
}

func (c *caller) Act(ctx context.Context, what string) func() {
	c.waitingFor("waiting for you: " + what)
	return c.Asker.Act(ctx, what)
}

// Reach is that of whom the caller asks.
func (c *caller) Reach() Reach { return ReachOf(c.Asker) }

func (c *caller) waitingFor(what string) { c.what.Store(&what) }
func (c *caller) waited() string         { return *c.what.Load() }

// silent is the Asker of work that nobody waits for.
type silent struct{}

func (silent) Code(context.Context, Purpose, string) (string, error) { return "", ErrNoPrompt }
func (silent) Secret(context.Context, Question) ([]byte, error)      { return nil, ErrNoPrompt }
func (silent) Confirm(context.Context, string) (bool, error)         { return false, ErrNoPrompt }
func (silent) Notice(context.Context, string)                        {}
func (silent) Reach() Reach                                          { return Nobody }
func (silent) Act(context.Context, string) func()                    { return func() {} }
