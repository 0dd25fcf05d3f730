package main

import (
	"fmt"
	"strings"
)

// A dialect is how a shell is told to set and to remove a variable.
type dialect struct {
	name  string
	set   func(name, value string) string
	unset func(name string) string
}

// dialects are what `mfad env --format` speaks, beside json.
var dialects = []dialect{
	{
		name:  "sh",
		set:   func(name, value string) string { return "export " + name + "=" + quotePOSIX(value) + "\n" },
		unset: func(name string) string { return "unset " + name + "\n" },
	},
	{
		name: "fish",
		// fish joins the lines of a command substitution by spaces: end each by ";".
		set:   func(name, value string) string { return "set -gx " + name + " " + quoteFish(value) + ";\n" },
		unset: func(name string) string { return "set -eg " + name + ";\n" },
	},
	{
		name:  "powershell",
		set:   func(name, value string) string { return "$env:" + name + " = " + quotePowerShell(value) + "\n" },
		unset: func(name string) string { return "Remove-Item -ErrorAction SilentlyContinue Env:" + name + "\n" },
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
// single quotes but the single quote.
func quotePOSIX(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
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
