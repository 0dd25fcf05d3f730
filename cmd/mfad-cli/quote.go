package main

import (
	"fmt"
	"strings"
)

// A dialect is how a shell is told to set and to remove a variable.
type dialect struct {
	name  string
	set   func(name, value string) string
	unset func(names ...string) string
	fail  string // makes the evaluation fail; empty if the shell cannot be told
}

// inFish is true in fish, where \\ is an escape between single quotes, too, and
// false in every other shell that evaluates the commands for sh.
const inFish = `[ '\\' = "\\" ]`

// dialects are what `mfad env --format` speaks, beside json.
var dialects = []dialect{
	{
		// fish has export and no unset, and is what `eval "$(mfad env …)"` may be typed into.
		name: "sh",
		set:  func(name, value string) string { return "export " + name + "=" + quotePOSIX(value) + "\n" },
		unset: func(names ...string) string {
			list := strings.Join(names, " ")
			return inFish + " && set -e " + list + "\n" + inFish + " || unset " + list + "\n"
		},
		fail: "false\n",
	},
	{
		name: "fish",
		// fish joins the lines of a command substitution by spaces: end each by ";".
		set:   func(name, value string) string { return "set -gx " + name + " " + quoteFish(value) + ";\n" },
		unset: func(names ...string) string { return "set -eg " + strings.Join(names, " ") + ";\n" },
		fail:  "false;\n",
	},
	{
		name: "powershell",
		set:  func(name, value string) string { return "$env:" + name + " = " + quotePowerShell(value) + "\n" },
		unset: func(names ...string) string {
			return "Remove-Item -ErrorAction SilentlyContinue Env:" + strings.Join(names, ",Env:") + "\n"
		},
	},
}

func findDialect(name string) (dialect, bool) {
	for _, d := range dialects {
		if d.name == name {
			return d, true
		}
	}
	return dialect{}, false
}

// quotePOSIX quotes for sh, bash, zsh and ksh: nothing is special between
// single quotes but the single quote; and for fish, where the backslash is, too.
func quotePOSIX(s string) string {
	return "'" + strings.NewReplacer(`'`, `'\''`, `\`, `'"\\"'`).Replace(s) + "'"
}

// quoteFish quotes for fish, where \\ and \' are the escapes between single quotes.
func quoteFish(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// quotePowerShell quotes for PowerShell, which takes the typographic single
// quotes for single quotes, too; each is escaped by doubling.
func quotePowerShell(s string) string {
	return "'" + strings.NewReplacer("'", "''", "‘", "‘‘", "’", "’’", "‚", "‚‚", "‛", "‛‛").Replace(s) + "'"
}

// checkEvaluable refuses a value that no shell could be handed safely. AWS
// makes none such; a config file may.
func checkEvaluable(name, value string) error {
	for _, r := range value {
		if r < ' ' || r == 0x7f || r == '\ufffd' {
			return fmt.Errorf("%s has a control character in its value; nothing was printed", name)
		}
	}
	return nil
}
