package main

import (
	"bufio"
	"strings"
	"testing"

	"github.com/mfad/mfad/agent/wire"
)

func TestLinesAreNotTriedOneAfterAnotherOnAToken(t *testing.T) {
	lines := &linesPrompter{Prompter: nobody{}, lines: bufio.NewReader(strings.NewReader("wrong\n123456\n654321\n"))}
	for _, step := range []struct {
		about     string
		q         wire.PromptSecretParams
		answer    string
		dismissed bool
	}{
		{"a passphrase", wire.PromptSecretParams{}, "wrong", false},
		{"a passphrase again", wire.PromptSecretParams{Again: "no"}, "123456", false},
		{"a PIN", wire.PromptSecretParams{Token: "YubiKey", Tries: 3}, "654321", false},
		{"a PIN again", wire.PromptSecretParams{Token: "YubiKey", Tries: 2, Again: "wrong PIN"}, "", true},
	} {
		r, err := lines.Secret(t.Context(), step.q)
		if err != nil || string(r.Secret) != step.answer || r.Dismissed != step.dismissed {
			t.Errorf("%s: dismissed %v, %v, and not the answer that was meant", step.about, r.Dismissed, err)
		}
	}
	if lines.refused != "wrong PIN" {
		t.Errorf("refused because of %q", lines.refused)
	}
}

func TestAPassphraseIsNotTriedAsAPIN(t *testing.T) {
	pin := wire.PromptSecretParams{Token: "YubiKey", Tries: 3}
	const line = "hunter22\n"
	lines := &linesPrompter{Prompter: nobody{}, lines: bufio.NewReader(strings.NewReader(line))}
	if r, err := lines.Secret(t.Context(), pin); err == nil || r.Secret != nil || r.Dismissed {
		t.Errorf("the first line answered the PIN: %v", err)
	}
	if r, err := lines.Secret(t.Context(), wire.PromptSecretParams{}); err != nil || len(r.Secret) != len(line)-1 {
		t.Errorf("the passphrase was not answered: %v", err)
	}
	chosen := &linesPrompter{Prompter: nobody{}, lines: bufio.NewReader(strings.NewReader(line)), pins: true}
	if r, err := chosen.Secret(t.Context(), pin); err != nil || len(r.Secret) != len(line)-1 {
		t.Errorf("the PIN of a token that was chosen was not answered: %v", err)
	}
}
