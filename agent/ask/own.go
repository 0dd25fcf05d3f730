package ask

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/internal/lane"
)

// A Confirmer puts a [human.Consent] to a person. An error that is neither a
// dismissal nor ctx's says why nobody can be asked.
type Confirmer interface {
	Ask(ctx context.Context, q human.Question) (human.Answer, error)
}

// After so many questions without a yes, each within lull of the one before, the
// agent asks none for a lull: a program that asks in a loop shall not teach a
// person to click it away.
const (
	mostUnwanted = 3
	lull         = 30 * time.Second
)

// Own is where the agent itself asks for consent, one question at a time: a place
// that it has from its own start, and from no caller. All calls share one. It is
// safe for concurrent use; a nil Own is no place.
type Own struct {
	at   Confirmer
	turn lane.Lane

	mu       sync.Mutex
	unwanted int       // questions in a row that got no yes
	last     time.Time // the end of the last of them
}

// NewOwn makes the place where at asks; nil: there is none.
func NewOwn(at Confirmer) *Own {
	if at == nil {
		return nil
	}
	return &Own{at: at, turn: lane.New()}
}

var (
	errNoOwn = fmt.Errorf("%w: the agent was started on no desktop on which it could ask itself", human.ErrNoPrompt)
	errLull  = fmt.Errorf("%w: several such questions got no yes just now: try again in %s", human.ErrDismissed, lull)
)

// ask waits for its turn, and for the answer. It wraps human.ErrNoPrompt where
// nobody can be asked.
func (o *Own) ask(ctx context.Context, q human.Question) (human.Answer, error) {
	if o == nil {
		return human.Answer{}, errNoOwn
	}
	if err := o.turn.Enter(ctx); err != nil {
		return human.Answer{}, err
	}
	defer o.turn.Leave()
	if o.lulled() {
		return human.Answer{}, errLull
	}
	answer, err := o.at.Ask(ctx, q)
	switch {
	case err == nil, errors.Is(err, human.ErrDismissed):
		o.note(err == nil && answer.Yes)
	case ctx.Err() != nil:
		o.note(false)
		return human.Answer{}, context.Cause(ctx)
	default: // nothing was shown
		err = fmt.Errorf("%w: the agent cannot ask on its own desktop: %v", human.ErrNoPrompt, err)
	}
	return answer, err
}

// lulled tells whether the person is left in peace now.
func (o *Own) lulled() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if time.Since(o.last) >= lull {
		o.unwanted = 0
	}
	return o.unwanted >= mostUnwanted
}

// note counts an answer, or that there was none.
func (o *Own) note(yes bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.unwanted, o.last = o.unwanted+1, time.Now()
	if yes {
		o.unwanted = 0
	}
}
