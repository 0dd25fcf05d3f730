package edit

import "strings"

const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// isOneWord says that no shell takes a word apart: it has letters, digits and
// extra alone.
func isOneWord(word, extra string) bool {
	return word != "" && strings.Trim(word, alphanumeric+extra) == ""
}
