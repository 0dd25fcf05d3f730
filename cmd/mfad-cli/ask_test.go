package main

import (
	"bufio"
	"errors"
	"strings"
	"testing"

	"github.com/mfad/mfad/internal/human"
)

func secret(q human.Question) human.Question {
	q.Kind = human.Secret
	return q
}

func TestLinesAreNotTriedOneAfterAnotherOnAToken(t *testing.T) {
	lines := &linesPrompter{Prompter: nobody{}, lines: bufio.NewReader(strings.NewReader("wrong\n123456\n654321\n"))}
	for _, step := range []struct {
		about     string
		q         human.Question
		answer    string
		dismissed bool
	}{
		{"a passphrase", secret(human.Question{}), "wrong", false},
		{"a passphrase again", secret(human.Question{Again: "no"}), "123456", false},
		{"a PIN", secret(human.Question{Token: "YubiKey", Tries: 3}), "654321", false},
		{"a PIN again", secret(human.Question{Token: "YubiKey", Tries: 2, Again: "wrong PIN"}), "", true},
	} {
		r, err := lines.Ask(t.Context(), step.q)
		dismissed := errors.Is(err, human.ErrDismissed)
		if err != nil && !dismissed || string(r.Text) != step.answer || dismissed != step.dismissed {
			t.Errorf("%s: %v, and not the answer that was meant", step.about, err)
		}
	}
	if lines.refused != "wrong PIN" {
		t.Errorf("refused because of %q", lines.refused)
	}
}

func TestAPassphraseIsNotTriedAsAPIN(t *testing.T) {
	pin := secret(human.Question{Token: "YubiKey", Tries: 3})
	const line = "hunter22\n"
	lines := &linesPrompter{Prompter: nobody{}, lines: bufio.NewReader(strings.NewReader(line))}
	if r, err := lines.Ask(t.Context(), pin); err == nil || r.Text != nil || errors.Is(err, human.ErrDismissed) {
		t.Errorf("the first line answered the PIN: %v", err)
	}
	if r, err := lines.Ask(t.Context(), secret(human.Question{})); err != nil || len(r.Text) != len(line)-1 {
		t.Errorf("the passphrase was not answered: %v", err)
	}
	chosen := &linesPrompter{Prompter: nobody{}, lines: bufio.NewReader(strings.NewReader(line)), pins: true}
	if r, err := chosen.Ask(t.Context(), pin); err != nil || len(r.Text) != len(line)-1 {
		t.Errorf("the PIN of a token that was chosen was not answered: %v", err)
	}
}

// An access code that the vault remembers wrongly was not a line of ours.
func TestALineAnswersATokenThatRefusedWhatWasRemembered(t *testing.T) {
	lines := &linesPrompter{Prompter: nobody{}, lines: bufio.NewReader(strings.NewReader("set\nnew\n"))}
	again := secret(human.Question{What: "OATH access code", Token: "YubiKey", Again: "what is remembered is another"})
	if r, err := lines.Ask(t.Context(), again); err != nil || string(r.Text) != "set" {
		t.Errorf("the first: %v", err)
	}
	if r, err := lines.Ask(t.Context(), again); !errors.Is(err, human.ErrDismissed) || len(r.Text) > 0 {
		t.Errorf("the second, after a wrong line: %v", err)
	}
	if r, err := lines.Ask(t.Context(), secret(human.Question{New: true})); err != nil || string(r.Text) != "new" {
		t.Errorf("the next question: %v", err)
	}
}
