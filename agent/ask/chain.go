// Package ask decides who is asked: for each call it makes a [Chain] of links, in
// the order in which they are tried, and puts every question of that call through
// it.
//
// A link leads to where a person may be: the terminal of the caller, or else the
// desktop that the caller named. Another one is one more type in this package and
// one line in [New]. What callers may put on desktops is bounded for all of them
// together, by [Bounds]. The rooms that need an answer see a human.Asker and know no
// link. The package shows nothing itself: the client at the other end of the
// connection does, or a pinentry and a notification that [Options.Open] reaches.
package ask

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mfad/mfad/agent/peer"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/human"
)

// limit bounds how long a question stays open: nobody is there after it.
const limit = 2 * time.Minute

// Conn is the connection that a call came by.
type Conn interface {
	// Claim is what the process at the other end says of itself.
	Claim() (peer.Claim, error)
	// Lineage is what that process belongs to, as the kernel tells.
	Lineage() (string, error)
	// Call calls the client back and waits for its answer, or for ctx.
	Call(ctx context.Context, method string, params, result any) error
	// Notify tells the client without waiting for an answer.
	Notify(ctx context.Context, method string, params any) error
}

// DesktopPrompter asks on a desktop. An error of Ask that is neither a dismissal nor ctx's
// says why nobody can be asked there.
type DesktopPrompter interface {
	human.Prompter
	// Close takes the notice away and lets the desktop go.
	Close() error
}

// Options say where the person behind a call may be.
type Options struct {
	TTY  bool                                  // the client says that it can prompt on a terminal
	At   *wire.Desktop                         // the desktop that a client without one names; nil: none
	Open func(at wire.Desktop) DesktopPrompter // reaches a desktop; nil: no desktop is used
	Own  *Own                                  // where the agent itself asks for consent; nil: nowhere
	// Bounds are those of all calls on desktops; nil: the call has its own.
	Bounds *Bounds
}

// Chain asks the person on whose behalf one call runs. It is safe for
// concurrent use. The caller closes it when the call is over.
type Chain struct {
	caller  Caller
	profile string // see About
	links   []link
	own     *Own
	notices notices
}

var (
	_ human.Asker  = (*Chain)(nil)
	_ human.Placed = (*Chain)(nil)
)

// link leads to one place where a person may be.
type link interface {
	// ask puts a question and waits for the answer or for ctx, whose cause it
	// returns. It wraps human.ErrNoPrompt when nobody can be asked there.
	ask(ctx context.Context, q human.Question) (human.Answer, error)
	// show shows what there is to say now. It does not wait.
	show(ctx context.Context, now words)
	// reach tells whether the person there can be told what to do.
	reach() human.Reach
	// place says where that is; empty when it is not known.
	place() string
	// close takes away what is shown.
	close()
}

// New makes the chain of a call that came by conn.
func New(conn Conn, o Options) *Chain {
	c := &Chain{caller: Caller{conn}, own: o.Own}
	switch {
	case o.TTY:
		c.links = append(c.links, &terminal{conn: conn, caller: c.caller})
	case o.At != nil && o.Open != nil:
		bounds := o.Bounds
		if bounds == nil {
			bounds = new(Bounds)
		}
		c.links = append(c.links, &desktop{at: *o.At, open: o.Open, bounds: bounds, caller: c.caller})
	}
	return c
}

// About says which profile the call is about, for the questions that name none.
// It comes before the first question.
func (c *Chain) About(profile string) { c.profile = profile }

// Close takes away what is shown on a desktop; the client's terminal is the
// client's.
func (c *Chain) Close() {
	for _, l := range c.links {
		l.close()
	}
}

// Caller is the process that made the call.
func (c *Chain) Caller() Caller { return c.caller }

// errNowhere says what was tried when there is nothing but the call.
var errNowhere = fmt.Errorf("%w: the caller has no terminal, and named no desktop that a pinentry could use", human.ErrNoPrompt)

// Ask implements [human.Asker]: the first link that leads to somebody has
// the last word. A question that nobody answers within two minutes wraps
// human.ErrNoPrompt, so that who waits for the same elsewhere is asked next.
func (c *Chain) Ask(ctx context.Context, q human.Question) (answer human.Answer, err error) {
	absent := fmt.Errorf("%w: nobody answered within %s", human.ErrNoPrompt, limit)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, absent)
	defer cancel()
	q.Asker = c.caller.Describe()
	q.Until, _ = ctx.Deadline()
	if q.Profile == "" {
		q.Profile = c.profile
	}
	if q.Kind == human.Consent { // which no link of the caller's may answer
		return c.own.ask(ctx, q, c.caller.peer())
	}
	err = errNowhere
	for _, l := range c.links {
		answer, err = l.ask(ctx, q)
		if !errors.Is(err, human.ErrNoPrompt) || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		answer.Wipe()
		return human.Answer{}, fmt.Errorf("asking for %s: %w", q.Subject(), err)
	}
	return answer, nil
}

// Notice implements [human.Asker].
func (c *Chain) Notice(ctx context.Context, text string) {
	c.notices.setNotice(text)
	c.draw(ctx)
}

// Act implements [human.Asker].
func (c *Chain) Act(ctx context.Context, what string) (done func()) {
	remove := c.notices.add(what)
	c.draw(ctx)
	return func() {
		remove()
		c.draw(context.WithoutCancel(ctx))
	}
}

// draw shows on each link what there is to say now.
func (c *Chain) draw(ctx context.Context) {
	c.notices.drawing.Lock()
	defer c.notices.drawing.Unlock()
	now := c.notices.words()
	for _, l := range c.links {
		l.show(ctx, now)
	}
}

// Reach implements [human.Asker]: a caller waits, whoever can be told.
func (c *Chain) Reach() human.Reach {
	best := human.Somebody
	for _, l := range c.links {
		best = max(best, l.reach())
	}
	return best
}

// Places implements [human.Placed]: a call is at one place.
func (c *Chain) Places() []human.Place {
	place := human.Place{By: c.caller.short(), Peer: c.caller.peer()}
	for _, l := range c.links {
		place.At = cmp.Or(place.At, l.place())
	}
	return []human.Place{place}
}
