package ask

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/human"
)

// desktop is the one of a caller that has no terminal. Its [DesktopPrompter] is
// opened when it is needed: most calls ask nothing.
type desktop struct {
	at     wire.Desktop
	open   func(at wire.Desktop) DesktopPrompter
	bounds *Bounds
	caller Caller
	shown  string

	mu       sync.Mutex
	prompter DesktopPrompter
	closed   bool
}

var _ link = (*desktop)(nil)

// opened is nil when the call is over.
func (d *desktop) opened() DesktopPrompter {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.prompter == nil && !d.closed {
		d.prompter = d.open(d.at)
	}
	return d.prompter
}

func (d *desktop) ask(ctx context.Context, q human.Question) (human.Answer, error) {
	prompter := d.opened()
	if prompter == nil {
		return human.Answer{}, errNowhere
	}
	ctx, turn, err := d.bounds.enter(ctx, d.at, d.caller.peer())
	if err != nil {
		return human.Answer{}, err
	}
	answer, err := prompter.Ask(ctx, q)
	cause := context.Cause(ctx)
	turn.leave(outcomeOf(q, answer, err))
	switch {
	case err == nil:
		return answer, nil
	case cause != nil:
		return answer, cause
	case errors.Is(err, human.ErrDismissed):
		return answer, err
	}
	return answer, fmt.Errorf("%w: the caller has no terminal, and no desktop that a pinentry could use: %v", human.ErrNoPrompt, err)
}

// show shows what to do, and who wants it done. What is waited for is not shown:
// a person who sees no terminal does not wait. Who may not ask now shows nothing.
func (d *desktop) show(_ context.Context, now words) {
	text := now.act
	if text != "" && d.bounds.Refusal(d.caller.peer()) != nil {
		text = ""
	}
	if text != "" {
		text = fmt.Sprintf("%s (asked by %s)", text, d.caller.Describe())
	}
	if text == d.shown {
		return
	}
	d.shown = text
	if prompter := d.opened(); prompter != nil {
		prompter.Notice(text)
	}
}

// reach is a person where anything can be shown.
func (d *desktop) reach() human.Reach {
	if d.at.Display != "" || d.at.WaylandDisplay != "" || d.at.Bus != "" {
		return human.Person
	}
	return human.Somebody
}

func (d *desktop) place() string {
	return strings.TrimSpace("the desktop " + cmp.Or(d.at.Display, d.at.WaylandDisplay))
}

func (d *desktop) close() {
	d.mu.Lock()
	prompter := d.prompter
	d.prompter, d.closed = nil, true
	d.mu.Unlock()
	if prompter != nil {
		_ = prompter.Close() // what cannot be taken away there fades by itself
	}
}
