package notify

import (
	"context"
	"sync"
)

// window is a screen for desktops without a notification server: a window of
// its own for each text, in which there is nothing to answer.
type window struct {
	open func(ctx context.Context, text string) error

	cancel  context.CancelFunc // of the window that is open; nil: none is
	showing sync.WaitGroup
}

// show implements screen. A person who closes the window has read it.
func (w *window) show(ctx context.Context, text string) error {
	w.close()
	if text == "" {
		return nil
	}
	ctx, w.cancel = context.WithCancel(context.WithoutCancel(ctx))
	w.showing.Go(func() { _ = w.open(ctx, text) })
	return nil
}

func (w *window) close() {
	if w.cancel != nil {
		w.cancel()
		w.cancel = nil
	}
	w.showing.Wait()
}
