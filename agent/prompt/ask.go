package prompt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mfad/mfad/internal/human"
)

// dismissed tells whether err is the person's no: an interrupt or the
// end-of-file key.
func dismissed(err error) bool { return errors.Is(err, errInterrupted) || errors.Is(err, io.EOF) }

// conversation asks for one kind of answer with read.
type conversation struct {
	what func(q human.Question) string // for errors
	echo bool
	hold func(t *Terminal, q human.Question, read reader) (human.Answer, error)
	// An empty answer, an interrupt and the end-of-file key are this.
	declined error
}

var conversations = map[human.Kind]conversation{
	human.Secret: {
		what: func(q human.Question) string { return "the " + Visible(q.What) },
		hold: (*Terminal).askSecret, declined: human.ErrDismissed,
	},
	human.Code: {
		what: func(human.Question) string { return "an MFA code" },
		echo: true, hold: (*Terminal).askCode, declined: human.ErrDismissed,
	},
	human.Confirm: {
		what: func(human.Question) string { return "a confirmation" },
		echo: true, hold: (*Terminal).askYes, // which is a no
	},
}

// Ask implements [human.Prompter].
func (t *Terminal) Ask(ctx context.Context, q human.Question) (answer human.Answer, err error) {
	c, known := conversations[q.Kind]
	if !known {
		return answer, fmt.Errorf("prompt: no question of kind %q is known here", Visible(string(q.Kind)))
	}
	err = t.ask(ctx, c.echo, func(read reader) (err error) {
		answer, err = c.hold(t, q, read)
		return err
	})
	switch {
	case dismissed(err), errors.Is(err, human.ErrDismissed):
		return human.Answer{}, c.declined
	case err != nil:
		return human.Answer{}, fmt.Errorf("asking for %s: %w", c.what(q), err)
	}
	return answer, nil
}

// askSecret asks for a new secret twice, until both are equal.
func (t *Terminal) askSecret(q human.Question, read reader) (human.Answer, error) {
	t.write(introduction(q.Again, aboutSecret(q)))
	ask := func(what string) ([]byte, error) { return read("mfad: " + what + ": ") }
	var secret []byte
	var err error
	if q.New {
		secret, err = Choose(ask, func(why string) { t.write("mfad: " + why + "\n") }, Visible(q.What))
	} else {
		secret, err = ask(Visible(q.What))
	}
	if err == nil && len(secret) == 0 {
		err = human.ErrDismissed
	}
	return human.Answer{Text: secret}, err
}

// aboutSecret is what a person at the terminal that asks cannot know: it is of
// a PIN, which can run out, or of what is lost with what they ask for.
func aboutSecret(q human.Question) []Fact {
	if q.Token == "" && q.Uses == "" {
		return nil
	}
	return About(q)
}

// askCode names all that the code is for, and asks again until the answer can
// be a code: six to eight digits, spaces aside.
func (t *Terminal) askCode(q human.Question, read reader) (human.Answer, error) {
	t.write(introduction(q.Again, About(q)))
	ask := func() ([]byte, error) { return read("mfad: MFA code: ") }
	return AskDigits(ask, func(why string) { t.write("mfad: " + why + "\n") })
}

// askYes takes y and yes alone for a yes.
func (t *Terminal) askYes(q human.Question, read reader) (human.Answer, error) {
	answer, err := read("mfad: " + Visible(q.What) + " [y/N] ")
	word := strings.ToLower(string(bytes.TrimSpace(answer)))
	return human.Answer{Yes: word == "y" || word == "yes"}, err
}

// introduction says why the last answer would not do, and the facts, a line each.
func introduction(again string, facts []Fact) string {
	var b strings.Builder
	if again != "" {
		b.WriteString("mfad: " + Visible(again) + "\n")
	}
	for _, fact := range facts {
		fmt.Fprintf(&b, "mfad: %-9s %s\n", fact.Name+":", Visible(fact.Text))
	}
	return b.String()
}
