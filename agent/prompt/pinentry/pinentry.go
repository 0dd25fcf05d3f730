// Package pinentry asks the person by a pinentry, GnuPG's program that asks for
// secrets, on the desktop or the terminal of somebody else: the caller's, whom
// the agent has no other way to ask.
//
// The desktop is what a caller says of itself. It becomes the environment of
// one pinentry and nothing more: a caller chooses where its own prompt appears.
// Which program runs is not the caller's to say. The package remembers no
// answer, nor does it let a pinentry remember one.
package pinentry

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/mfad/mfad/agent/prompt"
	"github.com/mfad/mfad/agent/wire"
)

// ErrNone says that there is no pinentry that could ask there; the text says
// what is missing. Nothing was started.
var ErrNone = errors.New("no pinentry")

// Pinentry asks by a pinentry of its own for each question. A question waits
// for the answer or for ctx, whose end takes the prompt away. A dismissal is an
// answer; other errors mean that nobody can be asked. Questions may come at the
// same time: then there are several windows.
type Pinentry struct {
	// Program is the pinentry's name or path; empty looks for one.
	Program string
	Desk    wire.Desk
	// TTY is a terminal of our own user's to ask on, for pinentries that can, and
	// TTYType what TERM says of it. Empty: the desktop alone.
	TTY, TTYType string
}

// Secret asks for a secret without echo, a new one twice. The caller wipes it.
func (p *Pinentry) Secret(ctx context.Context, q wire.PromptSecretParams) (wire.PromptSecretResult, error) {
	var secret []byte
	err := p.ask(ctx, func(s *session) (err error) {
		if err := s.introduce("mfad asks for the "+q.What, q.Again, prompt.AboutSecret(q)); err != nil {
			return err
		}
		if q.New {
			secret, err = prompt.Choose(s.secret, s.complain, caption(q.What))
		} else {
			secret, err = s.secret(caption(q.What))
		}
		return err
	})
	switch {
	case errors.Is(err, errDismissed), err == nil && len(secret) == 0:
		return wire.PromptSecretResult{Dismissed: true}, nil
	case err != nil:
		return wire.PromptSecretResult{}, err
	}
	return wire.PromptSecretResult{Secret: secret}, nil
}

// caption is what stands before the field: the kind of a secret without its
// details, which the description has.
func caption(what string) string {
	word, _, _ := strings.Cut(what, " ")
	return prompt.Visible(word)
}

// Code asks for the code that a device shows, until the answer can be one.
func (p *Pinentry) Code(ctx context.Context, q wire.PromptCodeParams) (wire.PromptCodeResult, error) {
	var code string
	err := p.ask(ctx, func(s *session) error {
		if err := s.introduce("mfad asks for an MFA code", q.Again, prompt.AboutCode(q)); err != nil {
			return err
		}
		for {
			answer, err := s.secret("MFA code")
			if err != nil {
				return err
			}
			var ok bool
			code, ok = prompt.Digits(answer)
			clear(answer)
			if ok {
				return nil
			}
			s.complain(prompt.NoCode)
		}
	})
	switch {
	case errors.Is(err, errDismissed), err == nil && code == "":
		return wire.PromptCodeResult{Dismissed: true}, nil
	case err != nil:
		return wire.PromptCodeResult{}, err
	}
	return wire.PromptCodeResult{Code: code}, nil
}

// Confirm asks a yes-or-no question. Only the button is a yes: what closes the
// window otherwise is a no, and so is the key that a window which pops up while
// somebody types may get (pinentry-gtk2 and -qt focus the no; -curses does not,
// but shares a screen with nobody).
func (p *Pinentry) Confirm(ctx context.Context, q wire.PromptConfirmParams) (wire.PromptConfirmResult, error) {
	err := p.ask(ctx, func(s *session) error {
		facts := []prompt.Fact{{Name: "profile", Text: q.Profile}, {Name: "asked by", Text: q.Asker}}
		if err := s.introduce(q.Question, "", facts); err != nil {
			return err
		}
		return s.confirm("Yes", "No")
	})
	if err != nil && !errors.Is(err, errDismissed) {
		return wire.PromptConfirmResult{}, err
	}
	return wire.PromptConfirmResult{Yes: err == nil}, nil
}

// Show shows text in a window until ctx ends, whose cause it returns, or until
// the person closes it. There is nothing to answer.
func (p *Pinentry) Show(ctx context.Context, text string) error {
	err := p.ask(ctx, func(s *session) error {
		if err := s.introduce(text, "", nil); err != nil {
			return err
		}
		return s.message()
	})
	if errors.Is(err, errDismissed) {
		return nil
	}
	return err
}

// patience is how long a question stays open at most.
const patience = 5 * time.Minute

// ask runs one pinentry for a conversation.
func (p *Pinentry) ask(ctx context.Context, conversation func(*session) error) error {
	program, err := Find(p.Program, p.Desk, p.TTY != "")
	if err != nil {
		return err
	}
	if err := checkTTY(p.TTY); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("nobody answered within %v", patience))
	defer cancel()
	c, err := start(ctx, program, environment(p.Desk, os.Getenv))
	if err != nil {
		return fmt.Errorf("starting %s: %w", program, err)
	}
	defer c.end()
	s := &session{conn: c}
	if err = s.begin(ctx, p); err == nil {
		err = conversation(s)
	}
	switch {
	case err == nil, errors.Is(err, errDismissed):
		return err
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return fmt.Errorf("%s: %w", program, err)
}
