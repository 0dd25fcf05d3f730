//go:build unix

package doctor

import "io/fs"

// openToOthers tells whether the mode lets the group or others in.
func openToOthers(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }

// writableByOthers tells whether the mode lets the group or others write.
func writableByOthers(info fs.FileInfo) bool { return info.Mode().Perm()&0o022 != 0 }
