package ask

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/human"
)

// A Confirmer puts a [human.Consent] to a person. An error that is neither a
// dismissal nor ctx's says why nobody can be asked.
type Confirmer interface {
	Ask(ctx context.Context, q human.Question) (human.Answer, error)
	// Settle is how long the place is empty between two questions: a click that was
	// meant for the one before shall not allow the next.
	Settle() time.Duration
}

// Own is where the agent itself asks for consent, one question at a time: a place
// that it has from its own start, and from no caller. All calls share one. What
// they may put there is bounded as on the callers' desktops, by [Bounds] that no
// question elsewhere uses up; here callers with a terminal are bound too. It is
// safe for concurrent use; a nil Own is no place.
type Own struct {
	at     Confirmer
	bounds Bounds
}

// NewOwn makes the place where at asks; nil: there is none.
func NewOwn(at Confirmer) *Own {
	if at == nil {
		return nil
	}
	return &Own{at: at, bounds: Bounds{settle: at.Settle(), instead: `prove it by the recovery key, with "--slot recovery"`}}
}

var errNoOwn = fmt.Errorf("%w: the agent was started on no desktop on which it could ask itself", human.ErrNoPrompt)

// ask waits for the peer's turn, and for the answer. It wraps human.ErrNoPrompt
// where nobody can be asked, or may be.
func (o *Own) ask(ctx context.Context, q human.Question, peer string) (human.Answer, error) {
	if o == nil {
		return human.Answer{}, errNoOwn
	}
	ctx, turn, err := o.bounds.enter(ctx, wire.Desktop{}, peer)
	if err != nil {
		return human.Answer{}, err
	}
	answer, err := o.at.Ask(ctx, q)
	cause := context.Cause(ctx)
	switch {
	case err == nil, errors.Is(err, human.ErrDismissed):
		turn.leave(outcomeOf(q, answer, err))
	case cause != nil:
		turn.leave(struck)
		return human.Answer{}, cause
	default:
		turn.leave(unshown)
		err = fmt.Errorf("%w: the agent cannot ask on its own desktop: %v", human.ErrNoPrompt, err)
	}
	return answer, err
}
