// Package line makes foreign text fit to be shown: on one line of a terminal, a
// prompt or a log, with nothing in it that a terminal would obey.
//
// Whatever another program, a token, a server or a file wrote goes through here
// before a person sees it. The package does not hide secrets: who has one does
// not make text of it.
package line

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// One makes one line of a text, whoever wrote it: the lines of a longer one are
// parted by "; ", or by a blank after a colon, a tab is a blank, and what a
// terminal might obey, or that would hide or turn other words, is U+FFFD.
func One(text string) string {
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

// Short is [One], of at most limit runes: what is longer ends in "…".
func Short(text string, limit int) string {
	// A rune has at most four bytes: more of a long text is not looked at.
	whole := One(text[:min(len(text), utf8.UTFMax*(limit+1))])
	if runes := []rune(whole); len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return whole
}

// JSON escapes in the text of a JSON value what [One] would not show, so that it means
// the same and may be looked at on a terminal. Its line breaks stay.
func JSON(text []byte) []byte {
	var out []byte
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		switch {
		case r == '\n' || r == utf8.RuneError || unicode.IsPrint(r):
			out = append(out, text[at:at+size]...)
		case r < 1<<16:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		}
		at += size
	}
	return out
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
