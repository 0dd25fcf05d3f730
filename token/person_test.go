//go:build unix

package token_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/persontest"
)

func TestLastTryIsOneSentence(t *testing.T) {
	yubikey := token.Token{Serial: "7", Model: "YubiKey\x1b 5"}
	for retries, left := range map[int]string{1: "Only 1 try is left", 2: "Only 2 tries are left"} {
		got := token.Want{What: token.PIVPIN, Token: yubikey, Retries: retries, Again: "wrong PIN"}.LastTry()
		want := human.Question{
			Kind: human.Confirm,
			What: left + " for the PIV PIN of YubiKey\ufffd 5 (serial 7), and wrong ones block it. Try all the same?",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// A program that is not what it should be gets no passphrase out of a person, and
// claims nothing of what the question is for.
func TestProgramAsksOnlyForWhatATokenWants(t *testing.T) {
	p := new(persontest.Person)
	for _, kind := range []string{"secret", "confirm"} {
		if _, err := codeOf(t, helper(t, "asks for more", "MFAD_TEST_KIND="+kind), p); err != nil {
			t.Error(err)
		}
	}
	want := [][]human.Question{
		{{Kind: human.Secret, What: "answer", Again: "o\ufffd; dd", Token: "te\ufffdst"}},
		{{Kind: human.Confirm, What: "passphrase of vault \"default\""}},
	}
	if diff := cmp.Diff(want, [][]human.Question{p.Secrets, p.Confirms}); diff != "" {
		t.Error(diff)
	}
}

func TestPINOfEachKindHasItsName(t *testing.T) {
	var names []string
	for _, kind := range token.Known {
		names = append(names, token.PINOf(kind))
	}
	if diff := cmp.Diff([]string{token.PIVPIN, token.FIDO2PIN}, names); diff != "" {
		t.Error(diff)
	}
}
