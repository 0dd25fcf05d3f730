package wire

import (
	"strings"
	"unicode"
)

// OneLine makes a text fit for one line of a terminal or a log, whoever wrote
// it: the lines of a longer one are parted by "; ", a tab is a space, and what
// a terminal might obey, or that would hide or turn other words, is U+FFFD.
func OneLine(text string) string {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, strings.Join(lines, "; "))
}
