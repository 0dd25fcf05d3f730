package prompt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mfad/mfad/agent/wire"
)

// dismissed tells whether err is the person's no: an interrupt or the
// end-of-file key.
func dismissed(err error) bool { return errors.Is(err, errInterrupted) || errors.Is(err, io.EOF) }

// Secret implements client.Prompter. A new secret is asked for twice, until
// both are equal; an empty answer is a dismissal.
func (t *Terminal) Secret(ctx context.Context, p wire.PromptSecretParams) (wire.PromptSecretResult, error) {
	var secret []byte
	err := t.ask(ctx, false, func(read reader) (err error) {
		t.write(introduction(p.Again, aboutSecret(p)))
		ask := func(what string) ([]byte, error) { return read("mfad: " + what + ": ") }
		if p.New {
			secret, err = Choose(ask, func(why string) { t.write("mfad: " + why + "\n") }, Visible(p.What))
		} else {
			secret, err = ask(Visible(p.What))
		}
		return err
	})
	if dismissed(err) || err == nil && len(secret) == 0 {
		return wire.PromptSecretResult{Dismissed: true}, nil
	}
	if err != nil {
		return wire.PromptSecretResult{}, fmt.Errorf("asking for the %s: %w", Visible(p.What), err)
	}
	return wire.PromptSecretResult{Secret: secret}, nil
}

// aboutSecret is what a person at the terminal that asks cannot know: it is of
// a PIN, which can run out.
func aboutSecret(p wire.PromptSecretParams) []Fact {
	if p.Token == "" {
		return nil
	}
	return AboutSecret(p)
}

// Code implements client.Prompter. It names all that the code is for, and asks
// again until the answer can be a code: six to eight digits, spaces aside. An
// empty answer is a dismissal.
func (t *Terminal) Code(ctx context.Context, p wire.PromptCodeParams) (wire.PromptCodeResult, error) {
	var code string
	err := t.ask(ctx, true, func(read reader) error {
		t.write(introduction(p.Again, AboutCode(p)))
		for {
			answer, err := read("mfad: MFA code: ")
			if err != nil {
				return err
			}
			var ok bool
			code, ok = Digits(answer)
			clear(answer)
			if ok {
				return nil
			}
			t.write("mfad: " + NoCode + "\n")
		}
	})
	if dismissed(err) || err == nil && code == "" {
		return wire.PromptCodeResult{Dismissed: true}, nil
	}
	if err != nil {
		return wire.PromptCodeResult{}, fmt.Errorf("asking for an MFA code: %w", err)
	}
	return wire.PromptCodeResult{Code: code}, nil
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

// Confirm implements client.Prompter: only y and yes are yes.
func (t *Terminal) Confirm(ctx context.Context, p wire.PromptConfirmParams) (wire.PromptConfirmResult, error) {
	var yes bool
	err := t.ask(ctx, true, func(read reader) error {
		answer, err := read("mfad: " + Visible(p.Question) + " [y/N] ")
		word := strings.ToLower(string(bytes.TrimSpace(answer)))
		yes = word == "y" || word == "yes"
		return err
	})
	if err != nil && !dismissed(err) {
		return wire.PromptConfirmResult{}, fmt.Errorf("asking for a confirmation: %w", err)
	}
	return wire.PromptConfirmResult{Yes: yes}, nil
}
