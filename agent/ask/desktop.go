package ask

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/human"
)

// desktop is the one of a caller that has no terminal. Its [DesktopPrompter] is
// opened when it is needed: most calls ask nothing.
type desktop struct {
	at     wire.Desktop
	open   func(at wire.Desktop) DesktopPrompter
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
	answer, err := prompter.Ask(ctx, q)
	switch {
	case err == nil:
		return answer, nil
	case ctx.Err() != nil:
		return answer, context.Cause(ctx)
	case errors.Is(err, human.ErrDismissed):
		return answer, err
	}
	return answer, fmt.Errorf("%w: the caller has no terminal, and no desktop that a pinentry could use: %v", human.ErrNoPrompt, err)
}

// show shows what to do, and who wants it done. What is waited for is not shown:
// a person who sees no terminal does not wait.
func (d *desktop) show(_ context.Context, now words) {
	text := now.act
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

func (d *desktop) close() {
	d.mu.Lock()
	prompter := d.prompter
	d.prompter, d.closed = nil, true
	d.mu.Unlock()
	if prompter != nil {
		_ = prompter.Close() // what cannot be taken away there fades by itself
	}
}
