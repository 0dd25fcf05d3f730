package codes

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/human"
)

// mostWaiting is how many calls of one peer wait for the codes of a device; logins
// and codes for people are counted apart.
const mostWaiting = 2

// errOvertaken ends the wait for a step of a call that another goes before.
var errOvertaken = errors.New("another call goes first")

// queues let one call at a time take a step of a device from the ledger: a login
// before a code for a person to type, the first call of a peer before the second of
// another, and else who came first. The ledger gives each step once; who may have it
// is decided here. The zero queues are ready for use.
type queues struct {
	mu      sync.Mutex
	devices map[string]*queue
}

// queue is that of one device.
type queue struct {
	all    *queues
	device string
	line   []*waiter // in the order in which they are served
	holder *waiter   // who takes a step now; not the first when that one has come just now
}

// waiter is one call in a queue.
type waiter struct {
	queue    *queue
	login    bool
	peer     string // empty: the agent's own work, which has no bound
	before   int    // calls of its peer that were there when it came
	turn     chan struct{}
	overtake context.CancelCauseFunc // of the wait for a step; nil: it does not wait
}

// booking is what a call brings to join a queue.
type booking struct {
	login bool
	ask   credproc.Asker // any of those who wait for a login may join for it
	most  int            // calls of one peer
}

// join puts a call into the queue of a device. It is nil when as many calls of its
// peer wait as may.
func (q *queues) join(device string, by booking) *waiter {
	places := human.PlacesOf(by.ask)
	q.mu.Lock()
	defer q.mu.Unlock()
	in := q.devices[device]
	if in == nil {
		in = &queue{all: q, device: device}
	}
	p := &waiter{queue: in, login: by.login, turn: make(chan struct{}, 1)}
	for i, each := range places {
		if n := in.countLocked(each.Peer, by.login); i == 0 || n < p.before {
			p.peer, p.before = each.Peer, n
		}
	}
	if p.peer != "" && p.before >= by.most {
		return nil
	}
	if q.devices == nil {
		q.devices = make(map[string]*queue)
	}
	q.devices[device] = in
	at := slices.IndexFunc(in.line, p.goesBefore)
	if at < 0 {
		at = len(in.line)
	}
	in.line = slices.Insert(in.line, at, p)
	in.settleLocked()
	return p
}

func (p *waiter) goesBefore(other *waiter) bool {
	if p.login != other.login {
		return p.login
	}
	return p.before < other.before
}

func (q *queue) countLocked(peer string, login bool) (n int) {
	for _, p := range q.line {
		if p.peer == peer && p.login == login {
			n++
		}
	}
	return n
}

// settleLocked gives the turn to the first, or has the one who has it give it back.
func (q *queue) settleLocked() {
	switch {
	case len(q.line) == 0:
		delete(q.all.devices, q.device)
	case q.holder == nil:
		q.holder = q.line[0]
		q.holder.turn <- struct{}{}
	case q.holder != q.line[0] && q.holder.overtake != nil:
		q.holder.overtake(errOvertaken)
	}
}

// ahead is how many are served before.
func (p *waiter) ahead() int {
	p.queue.all.mu.Lock()
	defer p.queue.all.mu.Unlock()
	return max(slices.Index(p.queue.line, p), 0)
}

// run calls take in the call's turn, and once more when another has gone before
// while it waited. Its error is that of take, or the cause of ctx.
func (p *waiter) run(ctx context.Context, take func(ctx context.Context) error) error {
	for {
		select {
		case <-p.turn:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		taking, cancel := context.WithCancelCause(ctx)
		p.hold(cancel)
		err := take(taking)
		overtaken := err != nil && ctx.Err() == nil && errors.Is(context.Cause(taking), errOvertaken)
		cancel(nil)
		if !overtaken {
			return err
		}
		p.giveBack()
	}
}

func (p *waiter) hold(overtake context.CancelCauseFunc) {
	p.queue.all.mu.Lock()
	defer p.queue.all.mu.Unlock()
	p.overtake = overtake
	p.queue.settleLocked()
}

// giveBack lets the first take a step.
func (p *waiter) giveBack() {
	p.queue.all.mu.Lock()
	defer p.queue.all.mu.Unlock()
	p.overtake, p.queue.holder = nil, nil
	p.queue.settleLocked()
}

// leave takes the call out of the queue.
func (p *waiter) leave() {
	q := p.queue
	q.all.mu.Lock()
	defer q.all.mu.Unlock()
	q.line = slices.DeleteFunc(q.line, func(each *waiter) bool { return each == p })
	if q.holder == p {
		q.holder = nil
	}
	q.settleLocked()
}
