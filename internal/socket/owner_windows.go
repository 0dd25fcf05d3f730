package socket

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// checkOwner holds the path to the user's profile folder, whose ACL keeps
// other users out: a unix socket of Windows has no owner to ask for.
func checkOwner(what, path string, _ fs.FileInfo) error {
	home, err := os.UserHomeDir()
	if err != nil {
		return &failure{what + " " + path, err}
	}
	rest, err := filepath.Rel(home, path)
	if err != nil || !filepath.IsLocal(rest) || strings.EqualFold(rest, ".") {
		return errors.New(what + " " + path + " is outside of your profile folder " + home + ": set MFAD_SOCKET to a path inside")
	}
	return nil
}

func checkMode(string, fs.FileInfo) error { return nil }

// isSocket is true of anything but a folder: a unix socket is a reparse point
// that Go shows as a socket or as irregular, by version.
func isSocket(info fs.FileInfo) bool { return !info.IsDir() }
