//go:build !unix

package places

// unfitHere looks at nothing: these systems have no such folder of their own.
func unfitHere(string) string { return "" }
