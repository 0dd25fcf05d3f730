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

// Relay is the Asker of work that several requests wait for. A question goes to
// one request after the other, as [flight.Waiters.Ask] has it: who cannot be asked
// is passed over, who does not answer is not waited for, and who declines declines
// for their own request alone. The others are told who is asked where. What is to
// do and what is waited for is told to all.
func Relay(waiters *flight.Waiters[Asker]) Asker {
	return &relay{waiters: waiters, board: newBoard()}
}

type relay struct {
	waiters *flight.Waiters[Asker]
	board   *board
}

var (
	_ progress     = (*relay)(nil)
	_ human.Placed = (*relay)(nil)
	_ human.Blamer = (*relay)(nil)
)

// Ask implements [Asker].
func (r *relay) Ask(ctx context.Context, q human.Question) (human.Answer, error) {
	put := &asking{relay: r, question: q}
	err := r.waiters.Ask(ctx, flight.Question[Asker]{Put: put.to, Judge: judge, Spot: spotOf})
	if q.Kind == human.Confirm && errors.Is(err, human.ErrDismissed) {
		return human.Answer{}, nil // the last one's no
	}
	return put.take(), err
}

// judge says what the refusal of a question means for those who wait.
func judge(err error) flight.Verdict {
	switch {
	case errors.Is(err, human.ErrNoPrompt):
		return flight.Passes
	case errors.Is(err, human.ErrDismissed):
		return flight.Declines
	}
	return flight.Ends
}

// spotOf is where the first of those who wait behind an Asker is.
func spotOf(a Asker) flight.Spot {
	for _, place := range human.PlacesOf(a) {
		return flight.Spot{Place: place.At, Peer: place.Peer}
	}
	return flight.Spot{}
}

// asking is one question on its way, which may be open in several places.
type asking struct {
	relay    *relay
	question human.Question

	mu     sync.Mutex
	answer *human.Answer // the first
	taken  bool
}

// to puts the question to one who waits. A no is a refusal.
func (a *asking) to(ctx context.Context, asker Asker) error {
	defer a.relay.tell(a.relay.board.asked(asker, a.question))()
	answer, err := asker.Ask(ctx, a.question)
	switch {
	case err != nil:
		answer.Wipe()
		return err
	case a.question.Kind == human.Confirm && !answer.Yes:
		return human.ErrDismissed
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.answer != nil || a.taken {
		answer.Wipe() // another was faster
		return nil
	}
	a.answer = &answer
	return nil
}

// take is the answer, if there is one; later ones are wiped.
func (a *asking) take() human.Answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.taken = true
	if a.answer == nil {
		return human.Answer{}
	}
	return *a.answer
}

// Blame implements [human.Blamer].
func (r *relay) Blame(err error) bool {
	return r.waiters.Blame(err, func(a Asker) bool { return human.Blame(a, err) })
}

// Places implements [human.Placed].
func (r *relay) Places() []human.Place {
	var places []human.Place
	for _, a := range r.waiters.Present() {
		places = append(places, human.PlacesOf(a)...)
	}
	return places
}

// tell has all who wait look at the board, which has changed; remove takes the
// change back.
func (r *relay) tell(remove func()) func() {
	r.waiters.Tell(r.board.show)
	return func() {
		remove()
		r.waiters.Tell(r.board.show)
	}
}

// Notice implements [Asker].
func (r *relay) Notice(_ context.Context, text string) { r.tell(r.board.notice(text)) }

// Act reaches all who wait, and those who come while it is to be done.
func (r *relay) Act(_ context.Context, what string) func() { return r.tell(r.board.act(what)) }

func (r *relay) waitingFor(what string) { r.tell(r.board.waitingFor(what)) }

func (r relay) failed(why error) {
	r.waiters.Tell(func(_ context.Context, a Asker) { failed(a, why) })
}

// Reach is that of the one who can be told best.
func (r *relay) Reach() human.Reach {
	best := human.Nobody
	for _, a := range r.waiters.Present() {
		best = max(best, a.Reach())
	}
	return best
}

// waitingForYou is what a request waits for while a person has something to do.
func waitingForYou(what string) string { return "waiting for you: " + what }

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
	c.waitingFor(waitingForYou(what))
	return c.Asker.Act(ctx, what)
}

// Places implements [human.Placed].
func (c *caller) Places() []human.Place { return human.PlacesOf(c.Asker) }

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
