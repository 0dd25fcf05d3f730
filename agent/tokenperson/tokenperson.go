// Package tokenperson lets a token ask whoever asks the agent for what the token
// does: it makes a [token.Person] of a [credproc.Asker].
//
// It finds the words for what a token wants, and decides nothing: whether a
// person can be asked at all, and where, is the Asker's business. The rooms that
// use tokens call it.
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
	Ask credproc.Asker
	Why string // the end of a sentence: "to get a code for prod"
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

var questions = map[string]string{
	token.AskPIVPIN:        "PIV PIN",
	token.AskFIDO2PIN:      "FIDO2 PIN",
	token.AskAccessCode:    "OATH access code",
	token.AskManagementKey: "PIV management key (hexadecimal)",
}

// Secret implements [token.Person].
func (p Person) Secret(ctx context.Context, q token.Question) ([]byte, error) {
	again := line.One(q.Again)
	secret, err := human.AskSecret(ctx, p.Ask, human.Question{
		What: wanted(q), Again: again, Token: line.One(q.Token.String()), Tries: max(q.Retries, 0),
	})
	if err != nil && again != "" {
		err = fmt.Errorf("%s: %w", again, err)
	}
	return secret, err
}

// LastTry implements [token.Person].
func (p Person) LastTry(ctx context.Context, q token.Question) (bool, error) {
	left := fmt.Sprintf("Only %d tries are left", q.Retries)
	if q.Retries == 1 {
		left = "Only 1 try is left"
	}
	question := fmt.Sprintf("%s for the %s of %s, and wrong ones block it. Try all the same?", left, wanted(q), q.Token)
	return human.AskYes(ctx, p.Ask, line.One(question))
}

// Await implements [token.Person].
func (p Person) Await(ctx context.Context, w token.Waiting) func() {
	what := "touch " + w.Token.String()
	switch {
	case w.For == token.AwaitTurn:
		return p.Ask.Act(ctx, "another request has the token: touch it if it blinks")
	case w.For == token.AwaitInsert && len(w.Serials) > 0:
		what = "plug in the token with serial " + strings.Join(w.Serials, " or ")
	case w.For == token.AwaitInsert:
		what = "plug in the token"
	}
	return p.Ask.Act(ctx, line.One(what+" "+p.Why))
}

// wanted is what a question asks for.
func wanted(q token.Question) string {
	if what, known := questions[q.Kind]; known {
		return what
	}
	return "answer"
}
