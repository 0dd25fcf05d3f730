package client

import "strings"

// passedHere are those that Windows programs cannot do without.
var passedHere = []string{
	"APPDATA", "COMSPEC", "HOMEDRIVE", "HOMEPATH", "LOCALAPPDATA", "PATHEXT", "PROGRAMDATA",
	"SYSTEMDRIVE", "SYSTEMROOT", "TEMP", "TMP", "USERDOMAIN", "USERNAME", "USERPROFILE", "WINDIR",
}

// canonical: case does not count in the names of variables.
func canonical(name string) string { return strings.ToUpper(name) }
