package prompt

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText bounds what is shown of one text, in runes.
const maxText = 512

// Visible makes a text of the agent fit to be shown: what a terminal might
// obey, or that would hide or reorder words (control and format characters,
// line ends, odd bytes), stands there as an escape.
func Visible(text string) string {
	var b strings.Builder
	shown := 0
	for len(text) > 0 && shown < maxText {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + strconv.FormatUint(uint64(text[0])|0x100, 16)[1:])
		case r == ' ' || unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		text = text[size:]
		shown++
	}
	if len(text) > 0 {
		b.WriteString("…")
	}
	return b.String()
}
