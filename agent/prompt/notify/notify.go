// Package notify shows on a caller's desktop what a person is to do, such as to
// touch a token, in a notification or else in a window, and takes it away when
// it is done.
//
// It informs and never asks: anybody can forge an answer to a notification, so
// nothing is listened for. It starts no bus that is not there.
// What cannot be shown is not: a notification is a courtesy.
package notify

import (
	"context"
	"sync"
	"time"

	"github.com/mfad/mfad/agent/prompt"
	"github.com/mfad/mfad/agent/wire"
)

// patience bounds each exchange with the desktop.
const patience = time.Second

// Notifier shows one notification at a time on one desktop. The zero value but
// for the desktop is ready. It is safe for concurrent use.
type Notifier struct {
	Desktop wire.Desktop
	// Window shows a text until ctx ends, or the person closes it, on desktops
	// that show no notifications; nil: those show nothing.
	Window func(ctx context.Context, text string) error

	mu      sync.Mutex
	want    string        // what is to be shown
	changed chan struct{} // holds one token: want is another; nil: nothing runs
	cancel  context.CancelFunc
	closed  bool
	running sync.WaitGroup
}

// screen is a desktop that shows one notification of ours.
type screen interface {
	// show replaces what is shown; an empty text takes it away.
	show(ctx context.Context, text string) error
	close()
}

// Notice shows text, made harmless, until the next one; an empty text takes it
// away. It neither waits nor fails.
func (n *Notifier) Notice(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed || n.changed == nil && text == "" {
		return
	}
	n.want = prompt.Visible(text)
	if n.changed == nil {
		n.changed = make(chan struct{}, 1)
		ctx, cancel := context.WithCancel(context.Background())
		n.cancel = cancel
		n.running.Go(func() { n.run(ctx) })
	}
	select {
	case n.changed <- struct{}{}:
	default:
	}
}

// Close takes the notification away and waits until it is, at most for a
// desktop's patience: a second or two.
func (n *Notifier) Close() error {
	n.mu.Lock()
	n.closed = true
	if n.cancel != nil {
		n.cancel()
	}
	n.mu.Unlock()
	n.running.Wait()
	return nil
}

// run shows what is wanted until ctx ends.
func (n *Notifier) run(ctx context.Context) {
	s := n.reach(ctx)
	defer func() { s.close() }()
	var shown string
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-n.changed:
			want := n.wanted()
			if want == shown {
				continue
			}
			if err := soon(ctx, s, want); err != nil {
				// Of an answer that did not come in time we know no id: that server
				// is not asked again.
				s.close()
				s = n.withoutServer()
				_ = soon(ctx, s, want)
			}
			shown = want
		}
	}
	if shown != "" {
		_ = soon(context.WithoutCancel(ctx), s, "")
	}
}

// reach connects to the desktop's notification server, if it has one.
func (n *Notifier) reach(ctx context.Context) screen {
	ctx, done := context.WithTimeout(ctx, patience)
	defer done()
	s, err := open(ctx, n.Desktop)
	if err != nil {
		return n.withoutServer()
	}
	return s
}

// withoutServer is the screen of a desktop that shows no notifications.
func (n *Notifier) withoutServer() screen {
	if n.Window == nil {
		return &window{open: func(context.Context, string) error { return nil }}
	}
	return &window{open: n.Window}
}

func (n *Notifier) wanted() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.want
}

// soon shows text within the patience.
func soon(ctx context.Context, s screen, text string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return s.show(ctx, text)
}
