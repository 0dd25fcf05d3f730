package wire

import (
	"strings"
	"unicode"
)

// OneLine makes a text fit for one line of a terminal or a log, whoever wrote
// it: the lines of a longer one are parted by "; ", or by a blank after a
// colon, a tab is a blank, and what a terminal might obey, or that would hide
// or turn other words, is U+FFFD.
func OneLine(text string) string {
	var line strings.Builder
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		switch so := line.String(); {
		case so == "":
		case strings.HasSuffix(so, ":"):
			line.WriteString(" ")
		default:
			line.WriteString("; ")
		}
		line.WriteString(strings.Map(shown, part))
	}
	return line.String()
}

// shown puts U+FFFD in the place of what is not simply shown.
func shown(r rune) rune {
	switch {
	case r == '\t':
		return ' '
	case !unicode.IsPrint(r):
		return unicode.ReplacementChar
	}
	return r
}
