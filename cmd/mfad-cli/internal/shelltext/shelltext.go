// Package shelltext writes a profile's credentials for a shell or for the
// environment of a command: which variables to set, which to take away because
// they would send a client elsewhere, and how each shell has a value quoted so
// that its evaluation runs nothing.
//
// "mfad env" prints what a [Dialect] makes, and "mfad exec" hands [Environ] to
// its command. The package reads no environment and prints nothing by itself;
// the values that it handles are temporary credentials, and its errors never
// quote them.
package shelltext

import (
	"fmt"
	"slices"
	"strings"
)

// A Dialect is how a shell is told to set and to remove variables.
type Dialect struct {
	Name  string
	set   func(name, value string) string
	unset func(names ...string) string
	// hide keeps variables that outlive the shell from its commands: it puts others
	// before them, and show takes these away. Both are nil if the shell has none such.
	hide func(profile string, names ...string) string
	show func(names ...string) string
	// Fail makes the evaluation fail; it is empty if the shell cannot be told.
	Fail string
}

// Set is the text that makes the environment of a shell have vars, which are a
// profile's, and nothing of other credentials. Its evaluation succeeds.
//
// A universal variable of fish belongs to every shell of the user, those that are
// yet to start included, so it is hidden here and erased nowhere: one that names a
// profile by the name of this one, every other by nothing. (botocore fails for a
// profile with an empty name.)
func (d Dialect) Set(vars []Variable, profile string) string {
	var b strings.Builder
	b.WriteString(d.unset(slices.Concat(rivalVariables, credentialVariables)...))
	if d.hide != nil {
		b.WriteString(d.hide(profile, namesBeside(vars)...))
	}
	for _, v := range vars {
		b.WriteString(d.set(v.Name, v.Value))
	}
	return b.String()
}

// Unset is the text that removes what Set sets.
func (d Dialect) Unset() string {
	text := d.unset(credentialVariables...)
	if d.show != nil {
		text += d.show(rivalVariables...)
	}
	return text
}

// namesBeside names the variables that must not stay beside vars.
func namesBeside(vars []Variable) []string {
	return slices.DeleteFunc(slices.Concat(rivalVariables, credentialVariables), func(name string) bool {
		return slices.ContainsFunc(vars, func(v Variable) bool { return v.Name == name })
	})
}

// dialects are the shells that have a dialect of their own.
var dialects = []Dialect{
	{
		// fish has export and no unset, and is what `eval "$(mfad env …)"` may be typed
		// into, or `eval (mfad env …)`: see below for the ";".
		Name: "sh",
		set:  func(name, value string) string { return "export " + name + "=" + quotePOSIX(value) + ";\n" },
		unset: func(names ...string) string {
			return onlyInFish(unsetFish(names...)) + inFish + " || unset " + strings.Join(names, " ") + ";\n"
		},
		hide: func(profile string, names ...string) string { return onlyInFish(hideFish(profile, names...)) },
		show: func(names ...string) string { return onlyInFish(showFish(names...)) },
		Fail: "false;\n",
	},
	{
		// fish joins the lines of a command substitution by spaces: end each by ";".
		Name:  "fish",
		set:   func(name, value string) string { return "set -gx " + name + " " + quoteFish(value) + ";\n" },
		unset: func(names ...string) string { return unsetFish(names...) + "\n" },
		hide:  func(profile string, names ...string) string { return hideFish(profile, names...) + "\n" },
		show:  func(names ...string) string { return showFish(names...) + "\n" },
		Fail:  "false;\n",
	},
	{
		Name: "powershell",
		set:  func(name, value string) string { return "$env:" + name + " = " + quotePowerShell(value) + "\n" },
		unset: func(names ...string) string {
			return "Remove-Item -ErrorAction SilentlyContinue Env:" + strings.Join(names, ",Env:") + "\n"
		},
	},
}

// Find finds the dialect of a shell by its name.
func Find(name string) (d Dialect, ok bool) {
	for _, d := range dialects {
		if d.Name == name {
			return d, true
		}
	}
	return Dialect{}, false
}

// Names are the names of the dialects.
func Names() []string {
	var names []string
	for _, d := range dialects {
		names = append(names, d.Name)
	}
	return names
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
