package config

import "strings"

// SplitWords splits a command line as a POSIX shell does: quotes and
// backslashes, no expansion. An open quote ends with the line.
func SplitWords(line string) []string {
	var words []string
	var word strings.Builder
	var quote byte
	inWord := false
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case c == '\\' && quote != '\'' && i+1 < len(line):
			i++
			word.WriteByte(line[i])
			inWord = true
		case quote == 0 && (c == '\'' || c == '"'):
			quote, inWord = c, true
		case quote == 0 && (c == ' ' || c == '\t' || c == '\n'):
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if inWord {
		words = append(words, word.String())
	}
	return words
}

// CallsMfad says whether a credential_process is mfad's own, directly or
// through sh -c, env and the like: following it would never end.
func CallsMfad(line string) bool {
	found := false
	for _, word := range SplitWords(line) {
		if found && word == CredentialsVerb {
			return true
		}
		if isMfad(word) {
			found = true
		}
		if len(word) < len(line) && strings.Contains(word, " ") && CallsMfad(word) {
			return true
		}
	}
	return false
}

// isMfad looks at the base name; a backslash is a separator on Windows, and
// SplitWords may have eaten it.
func isMfad(word string) bool {
	base := word[strings.LastIndexAny(word, `/\`)+1:]
	return base == ProgramName || strings.HasSuffix(strings.ToLower(base), ProgramName+".exe")
}
