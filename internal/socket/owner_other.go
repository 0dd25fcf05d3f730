//go:build !unix && !windows

package socket

import (
	"errors"
	"io/fs"
)

func checkOwner(string, string, fs.FileInfo) error {
	return errors.New("this system does not tell who owns a file: mfad cannot guard its socket here")
}

func checkMode(string, fs.FileInfo) error { return nil }

func isSocket(info fs.FileInfo) bool { return info.Mode()&fs.ModeSocket != 0 }
