package tokentext

import "strings"

// Where says where a secret is: "vault", or on which tokens, and whether each use
// takes a touch.
func Where(tokens []string, touch bool) string {
	if len(tokens) == 0 {
		return "vault"
	}
	text := On(tokens)
	if touch {
		text += ", touch"
	}
	return text
}

// Onto says where a secret was just put; it is empty for the vault.
func Onto(tokens []string, touch bool) string {
	switch {
	case len(tokens) == 0:
		return ""
	case touch:
		return ", on " + On(tokens) + "; each use takes a touch"
	}
	return ", on " + On(tokens)
}

// On is such as "token 1" or "tokens 1, 2".
func On(serials []string) string {
	if len(serials) == 1 {
		return "token " + serials[0]
	}
	return "tokens " + strings.Join(serials, ", ")
}
