package token

import (
	"context"
	"fmt"
	"slices"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/internal/line"
)

// Person answers what a token needs while an operation runs. Calls come one at
// a time.
type Person interface {
	// Ask puts a question of the kinds human.Secret and human.Confirm to the
	// person, and waits for the answer or for ctx. The caller wipes the answer. A
	// refusal is the person's, in an error; to decline a Confirm is a no.
	Ask(ctx context.Context, q human.Question) (human.Answer, error)
	// Await tells what the token waits for, at once, and returns what takes the
	// words back.
	Await(ctx context.Context, w Waiting) (done func())
}

// What a token waits for.
const (
	AwaitTouch  = "touch"
	AwaitInsert = "insert"
	// AwaitTurn: another call has the token, and may want a touch. A [Helper]
	// says so, and no program.
	AwaitTurn = "turn"
)

// Waiting is what a token waits for, which the person must know of.
type Waiting struct {
	For     string   `json:"for"`               // AwaitTouch and so on
	Token   Token    `json:"token"`             // of a touch
	Serials []string `json:"serials,omitempty"` // of an insertion: any of these
}

// The secrets that a token may want, in the words that the person sees. The
// agent asks for no others, but for the PIN of each kind of key: see [PINOf].
const (
	PIVPIN        = "PIV PIN"
	FIDO2PIN      = "FIDO2 PIN"
	AccessCode    = "OATH access code"
	ManagementKey = "PIV management key (hexadecimal)"
)

// PINOf is what the PIN of a kind of key is called: "PIV PIN".
func PINOf(kind Kind) string { return kind.Title() + " PIN" }

// secret says whether a token that has keys of these kinds may want what.
func (ks Kinds) secret(what string) bool {
	return what == AccessCode || what == ManagementKey ||
		slices.ContainsFunc(ks, func(k Kind) bool { return what == PINOf(k) })
}

// Want is a secret that a token wants, as its driver knows it. What the person is
// asked is a human.Question, which it makes.
type Want struct {
	What    string // PIVPIN and so on
	Token   Token
	Retries int    // tries left, or Unknown
	Again   string // why the last answer would not do; empty: there was none
}

// Secret is the question for the secret itself.
func (w Want) Secret() human.Question {
	return human.Question{
		Kind: human.Secret, What: w.What, Again: line.One(w.Again),
		Token: line.One(w.Token.String()), Tries: max(w.Retries, 0),
	}
}

// LastTry is the question whether the secret may be tried although so few tries
// are left that a wrong one may block the token.
func (w Want) LastTry() human.Question {
	left := fmt.Sprintf("Only %d tries are left", w.Retries)
	if w.Retries == 1 {
		left = "Only 1 try is left"
	}
	text := fmt.Sprintf("%s for the %s of %s, and wrong ones block it. Try all the same?", left, w.What, w.Token)
	return human.Question{Kind: human.Confirm, What: line.One(text)}
}

// AskSecret asks the person for the secret; the caller wipes it.
func AskSecret(ctx context.Context, person Person, w Want) ([]byte, error) {
	answer, err := person.Ask(ctx, w.Secret())
	if err != nil {
		answer.Wipe()
		return nil, err
	}
	return answer.Text, nil
}

// AskLastTry asks the person whether one of the last tries may be used.
func AskLastTry(ctx context.Context, person Person, w Want) (bool, error) {
	answer, err := person.Ask(ctx, w.LastTry())
	return answer.Yes, err
}
