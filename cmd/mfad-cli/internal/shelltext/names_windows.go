package shelltext

import "strings"

// Default names the dialect that the system's people most likely use.
const Default = "powershell"

// sameName tells whether a variable is the one named; Windows ignores case.
func sameName(name string) func(string) bool {
	return func(other string) bool { return strings.EqualFold(name, other) }
}
