package agent

import (
	"context"
	"fmt"
	"strings"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/token"
)

// bearer is who bears the tokens: it puts what a token needs to whoever asks
// for what it does.
type bearer struct {
	ask credproc.Asker
	why string // the end of a sentence: "to get a code for prod"
}

var _ token.Person = bearer{}

var questions = map[string]string{
	token.AskPIVPIN:        "PIV PIN",
	token.AskFIDO2PIN:      "FIDO2 PIN",
	token.AskAccessCode:    "OATH access code",
	token.AskManagementKey: "PIV management key (hexadecimal)",
}

// Secret implements [token.Person].
func (b bearer) Secret(ctx context.Context, q token.Question) ([]byte, error) {
	again := line.One(q.Again)
	secret, err := human.AskSecret(ctx, b.ask, human.Question{
		What: whatOf(q), Again: again, Token: line.One(q.Token.String()), Tries: max(q.Retries, 0),
	})
	if err != nil && again != "" {
		err = fmt.Errorf("%s: %w", again, err)
	}
	return secret, err
}

// LastTry implements [token.Person].
func (b bearer) LastTry(ctx context.Context, q token.Question) (bool, error) {
	left := fmt.Sprintf("Only %d tries are left", q.Retries)
	if q.Retries == 1 {
		left = "Only 1 try is left"
	}
	return human.AskYes(ctx, b.ask, line.One(fmt.Sprintf("%s for the %s of %s, and wrong ones block it. Try all the same?", left, whatOf(q), q.Token)))
}

// Await implements [token.Person].
func (b bearer) Await(ctx context.Context, w token.Waiting) func() {
	what := "touch " + w.Token.String()
	switch {
	case w.For == token.AwaitTurn:
		return b.ask.Act(ctx, "another request has the token: touch it if it blinks")
	case w.For == token.AwaitInsert && len(w.Serials) > 0:
		what = "plug in the token with serial " + strings.Join(w.Serials, " or ")
	case w.For == token.AwaitInsert:
		what = "plug in the token"
	}
	return b.ask.Act(ctx, line.One(what+" "+b.why))
}

func whatOf(q token.Question) string {
	if what, known := questions[q.Kind]; known {
		return what
	}
	return "answer"
}
