package ask

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/human"
)

// The bounds of what callers without a terminal may put before a person.
const (
	freeStrikes = 2                // of one peer, before it has to wait
	firstWait   = 30 * time.Second // after that; each further strike doubles it
	longestWait = 15 * time.Minute
	forgetAfter = time.Hour // without a strike

	// All peers together: so many strikes in so long a time.
	mostStrikes = 6
	strikeTime  = 10 * time.Minute
)

// Bounds keep callers from flooding desktops with questions. On one desktop there
// is one question at a time. A question that is not answered, whatever ended it, is
// a strike for its peer, which after two of them has to wait, longer each time; and
// all peers together have a bound, for any process can pass for a new peer. An
// answer clears both. Callers with a terminal are not bound. The zero Bounds are
// ready for use, by one agent, and safe for concurrent use.
type Bounds struct {
	settle  time.Duration // for which a desktop is empty between two questions
	instead string        // what a peer does that is not asked; empty: inATerminal

	mu      sync.Mutex
	peers   map[string]*tally
	strikes []time.Time // of all
	open    int         // questions, of all
	desks   map[string]*desk
}

// tally is what there is to say of one peer.
type tally struct {
	strikes int
	open    int
	last    time.Time // of the strikes
}

// wait is how long the peer has to wait still.
func (t *tally) wait(now time.Time) time.Duration {
	if t.strikes < freeStrikes {
		return 0
	}
	whole := min(firstWait<<min(t.strikes-freeStrikes, 10), longestWait)
	return max(t.last.Add(whole).Sub(now), 0)
}

// turn is one question on a desktop.
type turn struct {
	bounds *Bounds
	desk   *desk
	peer   string
	cancel context.CancelCauseFunc
}

// enter waits until a peer may ask on a desktop. The context it returns is that of
// the question; the caller leaves the turn. An error wraps human.ErrNoPrompt, or is
// the cause of ctx.
func (b *Bounds) enter(ctx context.Context, at wire.Desktop, peer string) (context.Context, *turn, error) {
	if err := b.Refusal(peer); err != nil {
		return nil, nil, err
	}
	d := b.deskAt(at)
	if err := d.enter(ctx, peer); err != nil {
		return nil, nil, err
	}
	err := d.settled(ctx, b.settle)
	if err == nil {
		err = b.begin(peer)
	}
	if err != nil {
		d.leave(false)
		return nil, nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	d.hold(peer, cancel)
	return ctx, &turn{b, d, peer, cancel}, nil
}

// leave ends the turn.
func (t *turn) leave(result outcome) {
	t.cancel(nil)
	t.bounds.end(t.peer, result)
	t.desk.leave(result != unshown)
}

// outcome is what became of a question.
type outcome int

const (
	struck   outcome = iota // nobody answered, or declined
	answered                // somebody did
	unshown                 // it was never shown
)

// Refusal says why a peer is not asked on a desktop now; nil when it is.
func (b *Bounds) Refusal(peer string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refusalLocked(peer, time.Now())
}

const inATerminal = `run "mfad unlock", or the same, in a terminal`

func (b *Bounds) refusalLocked(peer string, now time.Time) error {
	t := b.tallyLocked(peer, now)
	if wait := t.wait(now); wait > 0 {
		return fmt.Errorf("%w: %d questions of this caller were dismissed or not answered, and none is shown for %s more: %s",
			human.ErrNoPrompt, t.strikes, seconds(wait), cmp.Or(b.instead, inATerminal))
	}
	if t.open > 0 && t.open+t.strikes >= freeStrikes {
		return fmt.Errorf("%w: this caller has a question open on another desktop: answer that first", human.ErrNoPrompt)
	}
	for len(b.strikes) > 0 && now.Sub(b.strikes[0]) >= strikeTime {
		b.strikes = b.strikes[1:]
	}
	if len(b.strikes)+b.open >= mostStrikes {
		wait := strikeTime
		if len(b.strikes) > 0 {
			wait = b.strikes[0].Add(strikeTime).Sub(now)
		}
		return fmt.Errorf("%w: %d questions on the desktop were dismissed or not answered, and none is shown for %s more: %s",
			human.ErrNoPrompt, len(b.strikes), seconds(wait), cmp.Or(b.instead, inATerminal))
	}
	return nil
}

func seconds(d time.Duration) time.Duration { return (d + time.Second - 1).Truncate(time.Second) }

func (b *Bounds) tallyLocked(peer string, now time.Time) *tally {
	t := b.peers[peer]
	if t == nil || t.open == 0 && now.Sub(t.last) > forgetAfter {
		t = &tally{}
	}
	return t
}

// begin counts a question as open, if there may be one.
func (b *Bounds) begin(peer string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if err := b.refusalLocked(peer, now); err != nil {
		return err
	}
	if b.peers == nil {
		b.peers = make(map[string]*tally)
	}
	for name, t := range b.peers {
		if t.open == 0 && now.Sub(t.last) > forgetAfter {
			delete(b.peers, name)
		}
	}
	t := b.tallyLocked(peer, now)
	b.peers[peer] = t
	t.open++
	b.open++
	return nil
}

// end takes note of what became of a question.
func (b *Bounds) end(peer string, result outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.peers[peer]
	t.open--
	b.open--
	switch result {
	case struck:
		now := time.Now()
		t.strikes++
		t.last = now
		b.strikes = append(b.strikes, now)
	case answered:
		t.strikes = 0
		b.strikes = nil
	}
}

// outcomeOf is what became of a question that ended with an answer or an error.
func outcomeOf(q human.Question, answer human.Answer, err error) outcome {
	var notShown human.NotShown
	switch {
	case errors.As(err, &notShown):
		return unshown
	case err != nil, (q.Kind == human.Confirm || q.Kind == human.Consent) && !answer.Yes:
		return struck
	}
	return answered
}
