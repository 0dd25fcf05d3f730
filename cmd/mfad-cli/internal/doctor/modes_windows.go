package doctor

import "io/fs"

// openToOthers says no: access lists decide on Windows, and modes say nothing.
func openToOthers(fs.FileInfo) bool { return false }

// writableByOthers says no, for the same reason.
func writableByOthers(fs.FileInfo) bool { return false }

// noKeychain says nothing: the Credential Manager is always there.
func noKeychain(func(string) string) string { return "" }
