//go:build !windows

package edit

import "strings"

// quoteWord makes one word of a path, for sh -c and for a POSIX-like split
// without a shell alike: single quotes mean the same to both.
func quoteWord(word string) string {
	if isOneWord(word, "_./+@:,-") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
