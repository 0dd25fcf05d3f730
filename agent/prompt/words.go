package prompt

import (
	"bytes"
	"crypto/subtle"
	"strconv"

	"github.com/mfad/mfad/agent/wire"
)

// Fact is what a person should know before an answer: "device", its serial
// number. The text is as it came: see [Visible].
type Fact struct{ Name, Text string }

// AboutSecret is what a secret is for, as far as it is known.
func AboutSecret(p wire.PromptSecretParams) []Fact {
	return known([]Fact{
		{"token", p.Token}, {"tries", tries(p.Tries)}, {"profile", p.Profile}, {"asked by", p.Asker},
	})
}

// AboutCode is what a code is for, as far as it is known.
func AboutCode(p wire.PromptCodeParams) []Fact {
	return known([]Fact{
		{"profile", p.Profile}, {"role", p.RoleARN}, {"account", p.Account}, {"device", p.Serial}, {"asked by", p.Asker},
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

// NoCode says why an answer is no MFA code.
const NoCode = "a code has 6 to 8 digits"

// Digits takes an answer for an MFA code, without the spaces that devices and
// people group it with; it does not wipe it. Nothing at all is fine: a
// dismissal.
func Digits(answer []byte) (code string, ok bool) {
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
