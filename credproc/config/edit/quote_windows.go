package edit

// quoteWord makes one word of a path: double quotes are all that cmd.exe, the
// AWS CLI and CreateProcess agree on, and a path cannot hold one.
func quoteWord(word string) string {
	if isOneWord(word, `_./+@:,-\`) {
		return word
	}
	return `"` + word + `"`
}
