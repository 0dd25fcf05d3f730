package ask

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/human"
)

// ownTime is for how long a question has a desktop for itself. After that, it is
// withdrawn when another peer waits.
const ownTime = 30 * time.Second

// errYield ends a question that another peer has waited for.
var errYield = fmt.Errorf("%w: nobody answered within %s, and another question waits for the desktop", human.ErrNoPrompt, ownTime)

// desk is one desktop, with one question on it at a time.
type desk struct {
	busy chan struct{} // has one while a question is open

	mu    sync.Mutex
	peer  string
	since time.Time
	yield context.CancelCauseFunc
	left  time.Time // when the last question that was shown ended
}

// deskAt finds the desktop. Who names one by another name gets another desk, which
// the bounds of peers make dear.
func (b *Bounds) deskAt(at wire.Desktop) *desk {
	b.mu.Lock()
	defer b.mu.Unlock()
	name := deskName(at)
	if b.desks == nil {
		b.desks = make(map[string]*desk)
	}
	d := b.desks[name]
	if d == nil {
		if len(b.desks) >= mostDesks {
			clear(b.desks) // those that are in use stay with who uses them
		}
		d = &desk{busy: make(chan struct{}, 1)}
		b.desks[name] = d
	}
	return d
}

const mostDesks = 64

// deskName is the name of a desktop, without what leaves it the same: the screen
// of a display, and how this machine is called.
func deskName(at wire.Desktop) string {
	host, number, isDisplay := strings.Cut(at.Display, ":")
	if !isDisplay {
		return cmp.Or(strings.TrimPrefix(path.Base("/"+at.WaylandDisplay), "/"), at.Bus)
	}
	number, _, _ = strings.Cut(number, ".")
	if host == "unix" || strings.HasSuffix(host, "/unix") || strings.HasPrefix(host, "/") {
		host = ""
	}
	return host + ":" + number
}

// enter waits until no question is open on the desktop.
func (d *desk) enter(ctx context.Context, peer string) error {
	for {
		select {
		case d.busy <- struct{}{}:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(d.hurry(peer)):
		}
	}
}

// hurry withdraws a question of another peer that had its time, and says when to
// look again.
func (d *desk) hurry(peer string) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.yield == nil || d.peer == peer {
		return time.Second
	}
	if left := ownTime - time.Since(d.since); left > 0 {
		return left
	}
	d.yield(errYield)
	return time.Second
}

func (d *desk) hold(peer string, yield context.CancelCauseFunc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.peer, d.since, d.yield = peer, time.Now(), yield
}

// settled waits until the desktop was empty for a time.
func (d *desk) settled(ctx context.Context, empty time.Duration) error {
	d.mu.Lock()
	wait := time.Until(d.left.Add(empty))
	d.mu.Unlock()
	if wait <= 0 {
		return nil
	}
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (d *desk) leave(shown bool) {
	d.mu.Lock()
	d.yield = nil
	if shown {
		d.left = time.Now()
	}
	d.mu.Unlock()
	<-d.busy
}
