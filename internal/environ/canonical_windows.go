package environ

import "strings"

// canonical: case does not count in the names of variables.
func canonical(name string) string { return strings.ToUpper(name) }
