//go:build unix

package shelltext

// Default names the dialect that the system's people most likely use.
const Default = "sh"

// sameName tells whether a variable is the one named.
func sameName(name string) func(string) bool {
	return func(other string) bool { return name == other }
}
