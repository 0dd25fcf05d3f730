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
	"unicode/utf8"

	"github.com/mfad/mfad/agent/prompt"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/human"
)

// ErrNone says that there is no pinentry that could ask there; the text says
// what is missing. Nothing was started.
var ErrNone error = human.NotShown("no pinentry")

// Pinentry asks by a pinentry of its own for each question. A question waits
// for the answer or for ctx, whose end takes the prompt away. Questions may come at the
// same time: then there are several windows.
type Pinentry struct {
	// Program is the pinentry's name or path; empty looks for one.
	Program string
	Desktop wire.Desktop
	// TTY is a terminal of our own user's to ask on, for pinentries that can, and
	// TTYType what TERM says of it. Empty: the desktop alone.
	TTY, TTYType string
}

// conversations are how each kind of question is put to a pinentry.
var conversations = map[human.Kind]func(s *session, q human.Question) (human.Answer, error){
	human.Secret: askSecret, human.Code: askCode, human.Confirm: askYes,
	human.Consent: askConsent,
}

// Settle is longer than a second click, that was meant for the window before, takes.
func (*Pinentry) Settle() time.Duration { return 2 * time.Second }

// Ask implements [human.Prompter], but for the notices.
func (p *Pinentry) Ask(ctx context.Context, q human.Question) (answer human.Answer, err error) {
	hold, known := conversations[q.Kind]
	if !known {
		return answer, fmt.Errorf("%w for a question of kind %q", ErrNone, prompt.Visible(string(q.Kind)))
	}
	err = p.ask(ctx, func(s *session) (err error) {
		answer, err = hold(s, q)
		return err
	})
	if err != nil {
		return human.Answer{}, err
	}
	return answer, nil
}

// askSecret asks for a secret without echo, for a new one twice.
func askSecret(s *session, q human.Question) (human.Answer, error) {
	if err := s.introduce("mfad asks for the "+q.What, q.Again, append(prompt.About(q), timeLeft(q))); err != nil {
		return human.Answer{}, err
	}
	var secret []byte
	var err error
	if q.New {
		secret, err = prompt.Choose(s.secret, s.complain, caption(q.What))
	} else {
		secret, err = s.secret(caption(q.What))
	}
	if err == nil && len(secret) == 0 {
		err = human.ErrDismissed
	}
	return human.Answer{Text: secret}, err
}

// timeLeft is how long the window stays open.
func timeLeft(q human.Question) prompt.Fact {
	return prompt.Fact{Name: "time", Text: prompt.Left(q.Until)}
}

// caption is what stands before the field: the kind of a secret without its
// details, which the description has.
func caption(what string) string {
	word, _, _ := strings.Cut(what, " ")
	return prompt.Visible(word)
}

// askCode asks for the code that a device shows, until the answer can be one.
func askCode(s *session, q human.Question) (human.Answer, error) {
	if err := s.introduce("mfad asks for an MFA code", q.Again, append(prompt.About(q), timeLeft(q))); err != nil {
		return human.Answer{}, err
	}
	return prompt.AskDigits(func() ([]byte, error) { return s.secret("MFA code") }, s.complain)
}

// askYes asks a yes-or-no question. Only the button is a yes: what closes the
// window otherwise is a no, and so is the key that a window which pops up while
// somebody types may get (pinentry-gtk2 and -qt focus the no; -curses does not,
// but shares a screen with nobody).
func askYes(s *session, q human.Question) (human.Answer, error) {
	facts := []prompt.Fact{{Name: "profile", Text: q.Profile}, {Name: "asked by", Text: q.Asker}, timeLeft(q)}
	if err := s.introduce(q.What, "", facts); err != nil {
		return human.Answer{}, err
	}
	err := s.confirm("Yes", "No")
	if errors.Is(err, human.ErrDismissed) {
		return human.Answer{}, nil
	}
	return human.Answer{Yes: err == nil}, err
}

// maxConsent is what a person can read in a window: of what they allow nothing is
// cut off.
const maxConsent = 400

// askConsent asks whether a program may do what it asks for, and says what that
// takes with it.
func askConsent(s *session, q human.Question) (human.Answer, error) {
	what := "A program asks mfad " + prompt.Visible(q.What) + "."
	if utf8.RuneCountInString(what) > maxConsent {
		return human.Answer{}, fmt.Errorf("the question has more than %d characters: nobody could see what it is about", maxConsent)
	}
	if err := s.describe(what, prompt.About(q)); err != nil {
		return human.Answer{}, err
	}
	err := s.confirm("Allow", "Deny")
	if errors.Is(err, human.ErrDismissed) {
		return human.Answer{}, nil
	}
	return human.Answer{Yes: err == nil}, err
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
	if errors.Is(err, human.ErrDismissed) {
		return nil
	}
	return err
}

// patience is how long a question stays open at most.
const patience = 5 * time.Minute

// ask runs one pinentry for a conversation.
func (p *Pinentry) ask(ctx context.Context, conversation func(*session) error) error {
	program, err := Find(p.Program, p.Desktop, p.TTY != "")
	if err != nil {
		return err
	}
	if err := checkTTY(p.TTY); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("nobody answered within %v", patience))
	defer cancel()
	c, err := start(ctx, program, environment(p.Desktop, os.Getenv))
	if err != nil {
		return fmt.Errorf("starting %s: %w", program, err)
	}
	defer c.end()
	s := &session{conn: c}
	if err = s.begin(ctx, p); err == nil {
		err = conversation(s)
	}
	switch {
	case err == nil, errors.Is(err, human.ErrDismissed):
		return err
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return fmt.Errorf("%s: %w", program, err)
}
