// Package environ says what of an environment another program of mfad may see.
//
// Whoever starts a program must not choose through the environment what it
// loads (LD_…, DYLD_…, GODEBUG), whom it trusts (SSL_CERT_…) or where its
// requests go (AWS_…, proxies). So only what is known to be needed passes, and
// each caller lists that. The package reads no environment itself.
package environ

import (
	"slices"
	"strings"
)

// Passing is what passes: variables by their names, and families of variables
// by what their names begin with. On Windows, where case does not count, both
// are in capitals.
type Passing struct {
	Names, Prefixes []string
}

// Scrub keeps of an environment, in entries of the form NAME=VALUE, what
// passes. It is never nil, which to os/exec would be the whole of ours.
func (p Passing) Scrub(environ []string) []string {
	kept := []string{}
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if p.passes(canonical(name)) {
			kept = append(kept, entry)
		}
	}
	return kept
}

func (p Passing) passes(name string) bool {
	return slices.Contains(p.Names, name) ||
		slices.ContainsFunc(p.Prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}
