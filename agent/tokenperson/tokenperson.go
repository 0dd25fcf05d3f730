// Package tokenperson lets a token ask whoever asks the agent for what the token
// does: it makes a [token.Person] of a [credproc.Asker].
//
// It finds the words for what a token waits for, passes on what it asks, and
// decides nothing: whether a person can be asked at all, and where, is the
// Asker's business. The rooms that use tokens call it.
package tokenperson

import (
	"context"
	"fmt"
	"strings"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/token"
)

// Person is who holds the tokens.
type Person struct {
	Asker credproc.Asker
	Why   string // the end of a sentence: "to get a code for prod"
}

var _ token.Person = Person{}

// For is the person behind ask, who hears why a token is wanted.
func For(ask credproc.Asker, why string) Person { return Person{ask, why} }

// insertSeconds is how long a token is waited for that somebody may plug in.
const insertSeconds = 30

// Patience is for how many seconds to wait for a token: not at all where nobody
// can be told to plug it in.
func Patience(ask credproc.Asker) int {
	if ask.Reach() == human.Person {
		return insertSeconds
	}
	return 0
}

// Ask implements [token.Person]. An error says why the last answer would not do.
func (p Person) Ask(ctx context.Context, q human.Question) (human.Answer, error) {
	answer, err := p.Asker.Ask(ctx, q)
	if err != nil && q.Again != "" {
		err = fmt.Errorf("%s: %w", q.Again, err)
	}
	return answer, err
}

// Await implements [token.Person].
func (p Person) Await(ctx context.Context, w token.Waiting) func() {
	what := "touch " + w.Token.String()
	switch {
	case w.For == token.AwaitTurn:
		return p.Asker.Act(ctx, "another request has the token: touch it if it blinks")
	case w.For == token.AwaitInsert && len(w.Serials) > 0:
		what = "plug in the token with serial " + strings.Join(w.Serials, " or ")
	case w.For == token.AwaitInsert:
		what = "plug in the token"
	}
	return p.Asker.Act(ctx, line.One(what+" "+p.Why))
}
