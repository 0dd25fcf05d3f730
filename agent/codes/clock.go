package codes

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/mfad/mfad/credproc"
)

// timer asks AWS for its time before a code is computed by a clock in doubt.
type timer struct {
	ask    func(context.Context) error // nil: nobody can be asked
	failed *failure
}

// failure is when AWS last told no time: then it is not asked before each code.
type failure struct {
	mu    sync.Mutex
	until time.Time
	cause error
}

// pauseAfterFailure is how long nobody is asked again.
const pauseAfterFailure = time.Minute

// last is why AWS told no time; nil when it did.
func (f *failure) last() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cause
}

// confirm asks AWS for its time; a failure of a moment ago is told again.
func (t timer) confirm(ctx context.Context, now time.Time) error {
	t.failed.mu.Lock()
	until, cause := t.failed.until, t.failed.cause
	t.failed.mu.Unlock()
	if left := until.Sub(now); left > 0 && left <= pauseAfterFailure {
		return cause
	}
	return t.settle(ctx, now)
}

// settle asks AWS for its time.
func (t timer) settle(ctx context.Context, now time.Time) error {
	if t.ask == nil {
		return fmt.Errorf("%w: nobody to ask for the time", credproc.ErrUnavailable)
	}
	err := t.ask(ctx)
	t.failed.mu.Lock()
	defer t.failed.mu.Unlock()
	t.failed.until, t.failed.cause = time.Time{}, nil
	if err != nil && ctx.Err() == nil {
		t.failed.until, t.failed.cause = now.Add(pauseAfterFailure), err
	}
	return err
}
