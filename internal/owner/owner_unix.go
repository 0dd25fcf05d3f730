//go:build unix

package owner

import (
	"io/fs"
	"os"
	"syscall"
)

// Foreign tells whether a file belongs to another user, and to which.
func Foreign(info fs.FileInfo) (uid int, foreign bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	uid = int(stat.Uid)
	return uid, uid != os.Getuid()
}

// OpenToOthers tells whether the mode lets the group or others in.
func OpenToOthers(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }

// WritableByOthers tells whether the mode lets the group or others write.
func WritableByOthers(info fs.FileInfo) bool { return info.Mode().Perm()&0o022 != 0 }

// Unreadable tells whether the mode keeps the owner from reading, though root may.
func Unreadable(info fs.FileInfo) bool { return info.Mode().Perm()&0o400 == 0 }
