// Package ask decides who is asked: for each call it makes a [Chain] of the
// places where a person may be, in the order in which they are tried, and puts
// every question of that call through it.
//
// A place is the terminal of the caller, or else the desktop that the caller
// named; another kind of place is one more type in this package and one line in
// [New]. The rooms that need an answer see a human.Asker and know no place. The
// package shows nothing itself: the client at the other end of the connection
// does, or a pinentry and a notification that [Options.Open] reaches.
package ask

import (
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
	// Call calls the client back and waits for its answer, or for ctx.
	Call(ctx context.Context, method string, params, result any) error
	// Notify tells the client without waiting for an answer.
	Notify(ctx context.Context, method string, params any) error
}

// Desk asks on a desktop. An error of Ask that is neither a dismissal nor ctx's
// says why nobody can be asked there.
type Desk interface {
	human.Prompter
	// Close takes the notice away and lets the desktop go.
	Close() error
}

// Options say where the person behind a call may be.
type Options struct {
	TTY     bool                    // the client says that it can prompt on a terminal
	At      *wire.Desk              // the desktop that a client without one names; nil: none
	Profile string                  // the one that the call is about; empty: about none
	Open    func(at wire.Desk) Desk // reaches a desktop; nil: no desktop is used
}

// Chain asks the person on whose behalf one call runs. It is safe for
// concurrent use. The caller closes it when the call is over.
type Chain struct {
	caller  Caller
	profile string
	places  []place
	board   board
}

var _ human.Asker = (*Chain)(nil)

// place is somewhere that a person may be.
type place interface {
	// ask puts a question and waits for the answer or for ctx, whose cause it
	// returns. It wraps human.ErrNoPrompt when nobody can be asked there.
	ask(ctx context.Context, q human.Question) (human.Answer, error)
	// show shows what stands on the board now. It does not wait.
	show(ctx context.Context, now words)
	// reach tells whether the person there can be told what to do.
	reach() human.Reach
	// close takes away what is shown.
	close()
}

// New makes the chain of a call that came by conn.
func New(conn Conn, o Options) *Chain {
	c := &Chain{caller: Caller{conn}, profile: o.Profile}
	switch {
	case o.TTY:
		c.places = append(c.places, &terminal{conn: conn})
	case o.At != nil && o.Open != nil:
		c.places = append(c.places, &desktop{at: *o.At, open: o.Open, caller: c.caller})
	}
	return c
}

// Close takes away what is shown on a desktop; the client's terminal is the
// client's.
func (c *Chain) Close() {
	for _, p := range c.places {
		p.close()
	}
}

// Caller is the process that made the call.
func (c *Chain) Caller() Caller { return c.caller }

// errNowhere says what was tried when there is nothing but the call.
var errNowhere = fmt.Errorf("%w: the caller has no terminal, and named no desktop that a pinentry could use", human.ErrNoPrompt)

// Ask implements [human.Asker]: the first place at which somebody can be asked
// has the last word. A question that nobody answers within two minutes wraps
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
	err = errNowhere
	for _, p := range c.places {
		answer, err = p.ask(ctx, q)
		if !errors.Is(err, human.ErrNoPrompt) || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		answer.Wipe()
		return human.Answer{}, fmt.Errorf("asking for %s: %w", subject(q), err)
	}
	return answer, nil
}

// subject is what a question asks for, in an error.
func subject(q human.Question) string {
	switch q.Kind {
	case human.Code:
		return "the code of " + q.Serial
	case human.Confirm:
		return "a confirmation"
	}
	return "the " + q.What
}

// Notice implements [human.Asker].
func (c *Chain) Notice(ctx context.Context, text string) {
	c.board.setNotice(text)
	c.draw(ctx)
}

// Act implements [human.Asker].
func (c *Chain) Act(ctx context.Context, what string) (done func()) {
	remove := c.board.add(what)
	c.draw(ctx)
	return func() {
		remove()
		c.draw(context.WithoutCancel(ctx))
	}
}

// draw shows at each place what stands on the board now.
func (c *Chain) draw(ctx context.Context) {
	c.board.drawing.Lock()
	defer c.board.drawing.Unlock()
	now := c.board.words()
	for _, p := range c.places {
		p.show(ctx, now)
	}
}

// Reach implements [human.Asker]: a caller waits, whoever can be told.
func (c *Chain) Reach() human.Reach {
	best := human.Somebody
	for _, p := range c.places {
		best = max(best, p.reach())
	}
	return best
}
