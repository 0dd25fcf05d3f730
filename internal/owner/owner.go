// Package owner says who else than we can change or read a file: its owner, its
// group and others, and whoever can replace a folder above it.
//
// It decides nothing: what a caller cannot bear it refuses, and of the rest it
// tells. It knows the modes of unix; on other systems, where lists of access
// rights count, it finds nothing. The rule for mfad's socket stands in
// internal/socket, which links less.
package owner

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Risks lists who else can change what stands at a path: a line for the file, and
// for each folder above it, that belongs to another user or can be written by
// others. Root may, and so may all in a folder such as /tmp, where nobody removes
// what is another's. What does not exist is no risk.
func Risks(path string) []string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	var risks []string
	for {
		if info, err := os.Lstat(path); err == nil {
			if risk := riskOf(path, info); risk != "" {
				risks = append(risks, risk)
			}
		}
		up := filepath.Dir(path)
		if up == path {
			return risks
		}
		path = up
	}
}

// Unusable says what keeps us from reading a file that is there: a mode, or a link to
// nothing. It is empty for one that can be read, and for one that does not exist.
func Unusable(path string) string {
	info, err := os.Lstat(path)
	if err != nil {
		return ""
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		if info, err = os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			to, _ := os.Readlink(path)
			return fmt.Sprintf("%s is a link to %s, which does not exist", path, to)
		}
	}
	if err == nil && Unreadable(info) {
		return fmt.Sprintf("%s has the mode %04o, and cannot be read", path, info.Mode().Perm())
	}
	return ""
}

// Kind says what a thing is that is no ordinary file, in words.
func Kind(info fs.FileInfo) string {
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return "a file"
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeSymlink != 0:
		return "a link"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

func riskOf(path string, info fs.FileInfo) string {
	uid, foreign := Foreign(info)
	switch {
	case foreign && uid != 0:
		return fmt.Sprintf("%s belongs to another user (uid %d)", path, uid)
	case info.Mode()&fs.ModeSymlink != 0, info.IsDir() && info.Mode()&fs.ModeSticky != 0:
		return ""
	case WritableByOthers(info):
		return fmt.Sprintf("%s can be written by others (mode %04o)", path, info.Mode().Perm())
	}
	return ""
}
