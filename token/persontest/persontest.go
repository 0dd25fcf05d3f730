// Package persontest is a person before a token, for the tests of whoever asks
// one.
//
// A [Person] answers as a test says and writes down what it was asked and told.
// It is the one double of [token.Person]: of the drivers' tests, of the
// program's and of the agent's side. It judges nothing.
package persontest

import (
	"context"
	"sync"
	"testing"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
)

// Person is the double. Its zero value dismisses every question. What a test
// sets stands before the first call; what the person wrote down can be read
// while no call runs.
type Person struct {
	Secret  func(ctx context.Context, q human.Question) (string, error) // nil dismisses
	Yes     bool                                                        // to every human.Confirm
	OnAsk   func(q human.Question)                                      // is called while the question is open
	OnAwait func(w token.Waiting)                                       // and while something is awaited

	mu       sync.Mutex
	Secrets  []human.Question // those of the kind human.Secret
	Confirms []human.Question
	Waits    []token.Waiting
	Open     int // questions and waits that stand
}

var _ token.Person = (*Person)(nil)

// Typing is a person who has one secret, such as token.PIVPIN: asked for it, they
// type these in turn, and the last one again and again. They dismiss the rest.
func Typing(what string, turns ...string) *Person {
	return &Person{Secret: func(_ context.Context, q human.Question) (string, error) {
		if q.What != what {
			return "", human.ErrDismissed
		}
		next := turns[0]
		turns = turns[min(1, len(turns)-1):]
		return next, nil
	}}
}

// Ask implements [token.Person].
func (p *Person) Ask(ctx context.Context, q human.Question) (human.Answer, error) {
	p.note(func() {
		p.Open++
		if q.Kind == human.Confirm {
			p.Confirms = append(p.Confirms, q)
		} else {
			p.Secrets = append(p.Secrets, q)
		}
	})
	defer p.note(func() { p.Open-- })
	if p.OnAsk != nil {
		p.OnAsk(q)
	}
	switch {
	case q.Kind == human.Confirm:
		return human.Answer{Yes: p.Yes}, nil
	case p.Secret == nil:
		return human.Answer{}, human.ErrDismissed
	}
	secret, err := p.Secret(ctx, q)
	return human.Answer{Text: []byte(secret)}, err
}

// Await implements [token.Person].
func (p *Person) Await(_ context.Context, w token.Waiting) (done func()) {
	p.note(func() {
		p.Open++
		p.Waits = append(p.Waits, w)
	})
	if p.OnAwait != nil {
		p.OnAwait(w)
	}
	return func() { p.note(func() { p.Open-- }) }
}

func (p *Person) note(what func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	what()
}

// Closed fails the test if a question or a wait stands.
func (p *Person) Closed(t testing.TB) {
	t.Helper()
	p.note(func() {
		if p.Open != 0 {
			t.Errorf("%d questions or waits stand", p.Open)
		}
	})
}
