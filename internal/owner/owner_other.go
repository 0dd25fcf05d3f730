//go:build !unix

package owner

import "io/fs"

// Foreign is false: this system's owners are not looked at.
func Foreign(fs.FileInfo) (uid int, foreign bool) { return 0, false }

// OpenToOthers is false: lists of access rights count here.
func OpenToOthers(fs.FileInfo) bool { return false }

// WritableByOthers is false: lists of access rights count here.
func WritableByOthers(fs.FileInfo) bool { return false }

// Unreadable is false: lists of access rights count here.
func Unreadable(fs.FileInfo) bool { return false }
