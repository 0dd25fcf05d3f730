package shelltext

import (
	"slices"
	"strings"
)

// inFish is true in fish, where \\ is an escape between single quotes, too, and
// false in every other shell that evaluates the commands for sh.
const inFish = `[ '\\' = "\\" ]`

// onlyInFish has fish alone evaluate a line of the commands for sh.
func onlyInFish(line string) string { return inFish + " && eval " + quotePOSIX(line) + ";\n" }

// unsetFish erases variables in the scopes that end with the shell: blocks and
// functions, of which the innermost wins, and the global one. It succeeds, for the
// status of an evaluation is that of its last command, and an assignment has none.
func unsetFish(names ...string) string {
	return eachInFish(names, "while set -ql $n; set -el $n; end; set -qg $n; and set -eg $n;") + " true;"
}

// namingProfiles are the variables whose value is a profile's name.
var namingProfiles = []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}

// hideFish puts a global variable before each exported universal one: a global one
// that is not exported would leave it in the environment.
func hideFish(profile string, names ...string) string {
	others := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.Contains(namingProfiles, name)
	})
	return eachInFish(namingProfiles, "set -qUx $n; and set -gx $n "+quoteFish(profile)+";") + " " +
		eachInFish(others, "set -qUx $n; and set -gx $n;") + " true;"
}

// showFish takes away what hideFish set.
func showFish(names ...string) string {
	return eachInFish(names, "set -qU $n; and set -qg $n; and set -eg $n;") + " true;"
}

// eachInFish runs commands with each name in the variable n, which ends with the
// block.
func eachInFish(names []string, commands string) string {
	return "begin; for n in " + strings.Join(names, " ") + "; " + commands + " end; end;"
}
