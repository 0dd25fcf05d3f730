package agent

import (
	"context"
	"fmt"
	"sync"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
)

// Desk asks on the desktop of a caller that has no terminal. The three
// questions wait for an answer; when ctx ends the prompt is withdrawn, and they
// return ctx's error soon. A dismissal is an answer. Other errors say why nobody
// can be asked there.
type Desk interface {
	// Secret asks for a secret, which the caller wipes.
	Secret(ctx context.Context, p wire.PromptSecretParams) (wire.PromptSecretResult, error)
	// Code asks for the code that an MFA device shows.
	Code(ctx context.Context, p wire.PromptCodeParams) (wire.PromptCodeResult, error)
	// Confirm asks a yes-or-no question; no is the default.
	Confirm(ctx context.Context, p wire.PromptConfirmParams) (wire.PromptConfirmResult, error)
	// Notice shows what to do until the next; an empty text takes it away. It
	// neither waits nor fails.
	Notice(text string)
	// Close takes the notice away and lets the desktop go.
	Close() error
}

// asker is who a call can be asked by.
func (s *Service) asker(c conn, call wire.Call) *asker {
	a := &asker{conn: c, tty: call.TTY, params: call.Params}
	if !call.TTY && call.Desk != nil && s.options.Desk != nil {
		a.desk = &desktop{at: *call.Desk, open: s.options.Desk}
	}
	return a
}

// desktop is the [Desk] of one call, which is opened when it is needed: most
// calls ask nothing.
type desktop struct {
	at   wire.Desk
	open func(at wire.Desk) Desk

	mu     sync.Mutex
	desk   Desk
	closed bool
}

// reach is nil when the call is over.
func (d *desktop) reach() Desk {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.desk == nil && !d.closed {
		d.desk = d.open(d.at)
	}
	return d.desk
}

// notice shows text, or takes away what is shown if it is empty.
func (d *desktop) notice(text string) {
	d.mu.Lock()
	idle := d.desk == nil && text == ""
	d.mu.Unlock()
	if idle {
		return
	}
	if desk := d.reach(); desk != nil {
		desk.Notice(text)
	}
}

func (d *desktop) close() {
	d.mu.Lock()
	desk := d.desk
	d.desk, d.closed = nil, true
	d.mu.Unlock()
	if desk != nil {
		_ = desk.Close() // what cannot be taken away there fades by itself
	}
}

// errNoDesk says what was tried when there is nothing but the call.
var errNoDesk = fmt.Errorf("%w: the caller has no terminal, and named no desktop that a pinentry could use", credproc.ErrNoPrompt)

// onDesk puts a question to the desktop, which may be nil.
func onDesk[P, R any](ctx context.Context, d *desktop, params P, question func(Desk, context.Context, P) (R, error)) (answer R, err error) {
	if d == nil {
		return answer, errNoDesk
	}
	desk := d.reach()
	if desk == nil {
		return answer, errNoDesk
	}
	answer, err = question(desk, ctx, params)
	switch {
	case err == nil:
		return answer, nil
	case ctx.Err() != nil:
		return answer, context.Cause(ctx)
	}
	return answer, fmt.Errorf("%w: the caller has no terminal, and no desktop that a pinentry could use: %v", credproc.ErrNoPrompt, err)
}
