package prompt

import (
	"bytes"
	"crypto/subtle"
	"strconv"

	"github.com/mfad/mfad/internal/human"
)

// Fact is what a person should know before an answer: "device", its serial
// number. The text is as it came: see [Visible].
type Fact struct{ Name, Text string }

// About is what an answer to q is for, as far as it is known.
func About(q human.Question) []Fact {
	return known([]Fact{
		{"token", q.Token},
		{"tries", tries(q.Tries)},
		{"profile", q.Profile},
		{"used by", q.Uses},
		{"role", q.RoleARN},
		{"account", q.Account},
		{"device", q.Serial},
		{"asked by", q.Asker},
	})
}

func known(facts []Fact) []Fact {
	var kept []Fact
	for _, f := range facts {
		if f.Text != "" {
			kept = append(kept, f)
		}
	}
	return kept
}

// tries is empty when it is not known how many are left.
func tries(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n) + " left"
}

// Choose has a new secret typed twice, until both are equal. Ask asks once, and
// say tells why again. An empty answer comes back as it is: a dismissal. The
// caller wipes the secret.
func Choose(ask func(what string) ([]byte, error), say func(why string), what string) ([]byte, error) {
	for {
		first, err := ask("new " + what)
		if err != nil || len(first) == 0 {
			return nil, err
		}
		second, err := ask("once more")
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
		say("they differ")
	}
}

// AskDigits has an MFA code typed until the answer can be one: six to eight
// digits, in groups or not. Ask asks once, and say tells why again. An empty
// answer is human.ErrDismissed.
func AskDigits(ask func() ([]byte, error), say func(why string)) (human.Answer, error) {
	for {
		answer, err := ask()
		if err != nil {
			return human.Answer{}, err
		}
		digits := bytes.Join(bytes.Fields(answer), nil)
		clear(answer)
		switch {
		case len(digits) == 0:
			return human.Answer{}, human.ErrDismissed
		case isCode(digits):
			return human.Answer{Text: digits}, nil
		}
		clear(digits)
		say("a code has 6 to 8 digits")
	}
}

func isCode(text []byte) bool {
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(text) >= 6 && len(text) <= 8
}
