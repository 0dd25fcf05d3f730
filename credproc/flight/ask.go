package flight

import (
	"context"
	"slices"
	"time"
)

// Verdict is what an error of a question means.
type Verdict int

// The verdicts.
const (
	Ends     Verdict = iota // no other answer would do: the error is for all
	Passes                  // who was asked cannot answer: the next is asked
	Declines                // who was asked does not want to: their own call ends, the next is asked
)

// Question is what the work wants to know of one of those who wait for it.
type Question[A any] struct {
	// Put asks one waiter. Its context is the waiter's own, with its values, and ends
	// with the work's and with the question too; then Put must return.
	Put func(ctx context.Context, asker A) error
	// Judge says what an error of Put means.
	Judge func(error) Verdict
	// Spot says where a waiter is; nil: nobody knows.
	Spot func(asker A) Spot
}

// Spot is where a waiter is: two at the same place are not asked at the same time,
// and of two peers the one who was asked less goes first. An empty field is like
// no other.
type Spot struct{ Place, Peer string }

// besideAfter is for how long one who does not answer keeps the next from being asked
// too. Whenever it has passed again, twice as many are asked, up to mostAsked.
const (
	besideAfter = 10 * time.Second
	mostAsked   = 64
)

// Ask puts a question to those who wait until one answers: Put returns nil, and the
// question is withdrawn everywhere else. The one who answered last is asked first,
// then who came first. Each is asked once. Who has not answered after ten seconds
// is not waited for: the next one is asked beside.
//
// When a waiter leaves, the question is withdrawn there and put to the next, and
// so it is when a waiter passes. When a waiter declines, their Do returns the error
// while the others go on; who declines twice declines for all of that peer. If all
// have passed, or the last one declines, Ask returns the last such error.
func (w *Waiters[A]) Ask(ctx context.Context, q Question[A]) error {
	ctx, withdraw := context.WithCancel(ctx)
	defer withdraw()
	a := &asking[A]{
		Waiters: w, Question: q, most: 1, ended: make(chan ending[A]),
		open: make(map[*waiter[A]]Spot), spots: make(map[*waiter[A]]Spot), passed: make(map[*waiter[A]]error),
	}
	more := time.NewTicker(besideAfter)
	defer more.Stop()
	for {
		if err := a.fill(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-w.came:
		case <-more.C:
			a.most = min(2*a.most, mostAsked)
		case e := <-a.ended:
			if over, err := a.judge(ctx, e); over {
				return err
			}
		}
	}
}

// asking is one run of Ask.
type asking[A any] struct {
	*Waiters[A]
	Question[A]

	most   int                  // asked at the same time
	open   map[*waiter[A]]Spot  // who is asked now
	spots  map[*waiter[A]]Spot  // where each is
	passed map[*waiter[A]]error // who cannot answer
	ended  chan ending[A]
}

// ending is how a question to one waiter ended.
type ending[A any] struct {
	waiter *waiter[A]
	err    error
}

// fill asks as many as may be asked now. An error says that all have passed. While
// all who are present are about to leave, nobody is asked: the last one's leaving
// ends the work, unless another comes before.
func (a *asking[A]) fill(ctx context.Context) error {
	for len(a.open) < a.most {
		next, spot, err := a.pick()
		if next == nil {
			return err
		}
		a.open[next] = spot
		a.group.Go(func() {
			e := ending[A]{next, a.putTo(ctx, next)}
			select {
			case a.ended <- e:
			case <-ctx.Done(): // another has answered
			}
		})
	}
	return nil
}

func (a *asking[A]) putTo(ctx context.Context, w *waiter[A]) error {
	asked, cancel := context.WithCancelCause(w.ctx)
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	defer stop()
	return a.Put(asked, w.asker)
}

// pick chooses who is asked next.
func (a *asking[A]) pick() (next *waiter[A], at Spot, last error) {
	a.locate()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, each := range a.present {
		if each.ctx.Err() != nil || a.isOpen(each) {
			continue
		}
		if err, has := a.passed[each]; has {
			last = err
			continue
		}
		spot, located := a.spots[each]
		if !located {
			signal(a.came) // has come just now
			continue
		}
		if !a.taken(spot) && (next == nil || a.before(each, next)) {
			next, at = each, spot
		}
	}
	switch {
	case next != nil:
		if at.Peer != "" {
			a.turns[at.Peer]++
		}
		return next, at, nil
	case len(a.open) > 0: // whose answer is waited for
		return nil, at, nil
	}
	if last != nil {
		a.judgeAll = a.Judge
	}
	return nil, at, last
}

func (a *asking[A]) isOpen(w *waiter[A]) bool {
	_, open := a.open[w]
	return open
}

// locate finds out where all are. Spot may look at another flight of the same
// group, whose mutex is not held here.
func (a *asking[A]) locate() {
	a.mu.Lock()
	present := slices.Clone(a.present)
	a.mu.Unlock()
	for _, each := range present {
		if _, known := a.spots[each]; known {
			continue
		}
		a.spots[each] = Spot{}
		if a.Spot != nil {
			a.spots[each] = a.Question.Spot(each.asker)
		}
	}
}

// taken says that somebody is asked at that place.
func (a *asking[A]) taken(spot Spot) bool {
	for _, other := range a.open {
		if spot.Place != "" && spot.Place == other.Place {
			return true
		}
	}
	return false
}

// before says that a waiter who came later is asked before another all the same.
func (a *asking[A]) before(w, other *waiter[A]) bool {
	if other == a.answered || w == a.answered {
		return w == a.answered
	}
	return a.turns[a.spots[w].Peer] < a.turns[a.spots[other].Peer]
}

// judge takes note of how a question ended, and says whether Ask is over.
func (a *asking[A]) judge(ctx context.Context, e ending[A]) (over bool, err error) {
	delete(a.open, e.waiter)
	switch {
	case e.err == nil:
		a.mu.Lock()
		defer a.mu.Unlock()
		a.answered = e.waiter
		return true, nil
	case ctx.Err() != nil:
		return true, context.Cause(ctx)
	case e.waiter.ctx.Err() != nil: // left: whatever the error says, it is no answer
		return false, nil
	}
	switch a.Judge(e.err) {
	case Passes:
		a.passed[e.waiter] = e.err
		return false, nil
	case Declines:
		return !a.decline(e), e.err
	}
	return true, e.err
}
