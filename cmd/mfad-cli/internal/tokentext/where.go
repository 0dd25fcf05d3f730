package tokentext

import "strings"

// Location says where a secret is: "vault", or on which tokens, and whether each use
// takes a touch.
func Location(tokens []string, touch bool) string {
	if len(tokens) == 0 {
		return "vault"
	}
	text := OnTokens(tokens)
	if touch {
		text += ", touch"
	}
	return text
}

// OntoTokens says where a secret was just put; it is empty for the vault.
func OntoTokens(tokens []string, touch bool) string {
	switch {
	case len(tokens) == 0:
		return ""
	case touch:
		return ", on " + OnTokens(tokens) + "; each use takes a touch"
	}
	return ", on " + OnTokens(tokens)
}

// OnTokens is such as "token 1" or "tokens 1, 2".
func OnTokens(serials []string) string {
	if len(serials) == 1 {
		return "token " + serials[0]
	}
	return "tokens " + strings.Join(serials, ", ")
}
