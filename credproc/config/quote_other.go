//go:build !windows

package config

import "strings"

// quoteWord makes one word of a path, for sh -c and for a POSIX-like split
// without a shell alike: single quotes mean the same to both.
func quoteWord(word string) string {
	if consists(word, 1, len(word), "_./+@:,-") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
