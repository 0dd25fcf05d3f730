// Package human is the one shape in which mfad asks a person something, on
// every floor of the house and on the wire between its programs.
//
// There is one [Question], one [Answer], and one way to put it: Ask. Whoever
// shows questions (a terminal, a pinentry, a script that feeds lines) is a
// [Prompter]. Whoever needs an answer gets an [Asker], which also says what is
// waited for and how far it reaches. Who is asked where is decided in one place
// only, package agent/ask; this package decides nothing and shows nothing.
package human

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/sealed"
)

// What a caller may branch on.
var (
	// ErrNoPrompt: a question had to be asked and there was nowhere to ask it.
	ErrNoPrompt = errcode.New(errcode.NoPrompt, "nobody to ask")
	// ErrDismissed: the person declined to answer.
	ErrDismissed = errcode.New(errcode.Dismissed, "dismissed")
)

// NotShown is the error of a prompter that has shown nothing, such as one that
// cannot be started.
type NotShown string

// Error implements error.
func (e NotShown) Error() string { return string(e) }

// Kind says what a question asks for.
type Kind string

// The kinds of questions.
const (
	// Secret asks for a passphrase, PIN or recovery key, without echo. The answer
	// is Answer.Text.
	Secret Kind = "secret"
	// Code asks for the code that an MFA device shows. The answer is Answer.Text,
	// digits alone.
	Code Kind = "code"
	// Confirm asks for yes or no, of which no is the default. The answer is
	// Answer.Yes.
	Confirm Kind = "confirm"
	// Consent is a Confirm that whoever asks for something must not answer: the
	// agent shows it in a place of its own, and never sends it over a connection.
	Consent Kind = "consent"
)

// Question is what a person is asked. Fields that its kind does not use are
// zero; a prompter makes foreign text visible before it shows it.
type Question struct {
	Kind Kind `json:"kind"`
	// What is asked for: `passphrase of vault "default"`; the whole question of a
	// Confirm; for a Consent the end of the sentence "a program asks mfad …", such
	// as "to add a way in"; empty for a Code, whose device says it.
	What string `json:"what,omitempty"`
	// Again is empty, or why the last answer would not do.
	Again string `json:"again,omitempty"`
	// New asks for a secret that is being chosen: it is typed twice.
	New bool `json:"new,omitempty"`

	// Token is the token that wants the secret, in words; Tries are those that are
	// left before it blocks itself, 0 when that is not known.
	Token string `json:"token,omitempty"`
	Tries int    `json:"tries,omitempty"`

	// What the question is for: a profile, and the role, account (12 digits) and
	// MFA device that its chain leads to. Uses are the profiles that use what would
	// be lost, in words.
	Uses    string `json:"uses,omitempty"`
	Profile string `json:"profile,omitempty"`
	RoleARN string `json:"roleArn,omitempty"`
	Account string `json:"account,omitempty"`
	Serial  string `json:"serial,omitempty"`

	// Asker is the process that asks, as far as it can be claimed, and Until the
	// time at which the question is withdrawn. Who decides where to ask fills
	// them in.
	Asker string    `json:"asker,omitempty"`
	Until time.Time `json:"until,omitzero"`
}

// Answer is what a person answers. It is printed and logged as [redacted], and
// only JSON, which goes over a wire, has the text.
type Answer struct {
	// Text is a secret or a code. Whoever gets it wipes it.
	Text sealed.Bytes `json:"text,omitempty"` // base64 on the wire
	Yes  bool         `json:"yes,omitempty"`
}

// Wipe clears the text.
func (a Answer) Wipe() { clear(a.Text) }

const redacted = "[redacted]"

// Format implements [fmt.Formatter] for every verb.
func (Answer) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(redacted)) }

// LogValue implements [slog.LogValuer].
func (Answer) LogValue() slog.Value { return slog.StringValue(redacted) }

// Prompter shows questions in one place. Calls may come at the same time.
type Prompter interface {
	// Ask waits for an answer or for ctx, whose end withdraws the question; then
	// it returns ctx's error soon. It wraps ErrDismissed when the person declines;
	// a Confirm that is declined is a no. Any other error says that nobody can be
	// asked in this place.
	Ask(ctx context.Context, q Question) (Answer, error)
	// Notice shows a line until the next; an empty one takes it away. It neither
	// waits nor fails.
	Notice(text string)
}

// Asker asks the person on whose behalf a request runs.
type Asker interface {
	// Ask waits for the answer or for ctx. It wraps ErrNoPrompt when nobody can
	// be asked, and ErrDismissed when the person declines.
	Ask(ctx context.Context, q Question) (Answer, error)
	// Notice shows a line while a request waits; an empty one takes it away. It
	// never fails.
	Notice(ctx context.Context, text string)
	// Act tells the person what to do now, such as to touch a token: where the
	// request came from, or on the desktop when it came from no terminal. It
	// does not wait and never fails; done takes the words back, and may be
	// called more than once.
	Act(ctx context.Context, what string) (done func())
	// Reach tells how far the asker reaches, for what would be in vain without
	// anybody, such as to wait for a touch.
	Reach() Reach
}

// Reach is how far an [Asker] reaches.
type Reach int

// What there may be behind an Asker.
const (
	Nobody   Reach = iota // work in the background, for nobody
	Somebody              // who waits, and may see nothing of what they are told
	Person                // who can be told what to do
)

// AskSecret asks for a secret; the caller wipes it.
func AskSecret(ctx context.Context, ask Asker, q Question) ([]byte, error) {
	q.Kind = Secret
	answer, err := ask.Ask(ctx, q)
	if err != nil {
		answer.Wipe()
		return nil, err
	}
	return answer.Text, nil
}

// AskYes asks a yes-or-no question.
func AskYes(ctx context.Context, ask Asker, question string) (bool, error) {
	answer, err := ask.Ask(ctx, Question{Kind: Confirm, What: question})
	return answer.Yes, err
}

// AskConsent asks for a [Consent]: nil is a yes. It wraps ErrDismissed when the
// person says no, and ErrNoPrompt where the agent has no place of its own to ask.
func AskConsent(ctx context.Context, ask Asker, q Question) error {
	q.Kind = Consent
	answer, err := ask.Ask(ctx, q)
	if err == nil && !answer.Yes {
		err = fmt.Errorf("%w: somebody said no %s", ErrDismissed, q.What)
	}
	return err
}

// Silent is the [Asker] of work that nobody waits for.
type Silent struct{}

var _ Asker = Silent{}

// Ask implements [Asker]: there is nobody.
func (Silent) Ask(context.Context, Question) (Answer, error) { return Answer{}, ErrNoPrompt }

// Notice implements [Asker].
func (Silent) Notice(context.Context, string) {}

// Act implements [Asker].
func (Silent) Act(context.Context, string) (done func()) { return func() {} }

// Reach implements [Asker].
func (Silent) Reach() Reach { return Nobody }
