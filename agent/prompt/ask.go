package prompt

import (
	"bytes"
	"context"
	"crypto/subtle"
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
		if p.Again != "" {
			t.write("mfad: " + visible(p.Again) + "\n")
		}
		what := visible(p.What)
		if p.New {
			secret, err = choose(read, t.write, what)
		} else {
			secret, err = read("mfad: " + what + ": ")
		}
		return err
	})
	if dismissed(err) || err == nil && len(secret) == 0 {
		return wire.PromptSecretResult{Dismissed: true}, nil
	}
	if err != nil {
		return wire.PromptSecretResult{}, fmt.Errorf("asking for the %s: %w", visible(p.What), err)
	}
	return wire.PromptSecretResult{Secret: secret}, nil
}

// choose reads a new secret twice.
func choose(read reader, say func(string), what string) ([]byte, error) {
	for {
		first, err := read("mfad: new " + what + ": ")
		if err != nil || len(first) == 0 {
			return nil, err
		}
		second, err := read("mfad: once more: ")
		if err != nil {
			clear(first)
			return nil, err
		}
		same := subtle.ConstantTimeCompare(first, second) == 1
		clear(second)
		if same {
			return first, nil
		}
		clear(first)
		say("mfad: they differ\n")
	}
}

// Code implements client.Prompter. It names all that the code is for, and asks
// again until the answer can be a code: six to eight digits, spaces aside. An
// empty answer is a dismissal.
func (t *Terminal) Code(ctx context.Context, p wire.PromptCodeParams) (wire.PromptCodeResult, error) {
	var code string
	err := t.ask(ctx, true, func(read reader) error {
		t.write(purpose(p))
		for {
			answer, err := read("mfad: MFA code: ")
			if err != nil {
				return err
			}
			var ok bool
			code, ok = digits(answer)
			clear(answer)
			if ok {
				return nil
			}
			t.write("mfad: a code has 6 to 8 digits\n")
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

// purpose is what a person needs to know to give a code, a line each.
func purpose(p wire.PromptCodeParams) string {
	var b strings.Builder
	if p.Again != "" {
		b.WriteString("mfad: " + visible(p.Again) + "\n")
	}
	for _, fact := range []struct{ name, text string }{
		{"profile", p.Profile},
		{"role", p.RoleARN},
		{"account", p.Account},
		{"device", p.Serial},
		{"asked by", p.Asker},
	} {
		if fact.text != "" {
			fmt.Fprintf(&b, "mfad: %-9s %s\n", fact.name+":", visible(fact.text))
		}
	}
	return b.String()
}

// digits strips the spaces that devices and people group codes with. Nothing
// at all is fine: a dismissal.
func digits(answer []byte) (code string, ok bool) {
	stripped := bytes.Join(bytes.Fields(answer), nil)
	defer clear(stripped)
	for _, c := range stripped {
		if c < '0' || c > '9' {
			return "", false
		}
	}
	if len(stripped) == 0 {
		return "", true
	}
	return string(stripped), len(stripped) >= 6 && len(stripped) <= 8
}

// Confirm implements client.Prompter: only y and yes are yes.
func (t *Terminal) Confirm(ctx context.Context, p wire.PromptConfirmParams) (wire.PromptConfirmResult, error) {
	var yes bool
	err := t.ask(ctx, true, func(read reader) error {
		answer, err := read("mfad: " + visible(p.Question) + " [y/N] ")
		word := strings.ToLower(string(bytes.TrimSpace(answer)))
		yes = word == "y" || word == "yes"
		return err
	})
	if err != nil && !dismissed(err) {
		return wire.PromptConfirmResult{}, fmt.Errorf("asking for a confirmation: %w", err)
	}
	return wire.PromptConfirmResult{Yes: yes}, nil
}
