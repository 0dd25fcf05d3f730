// Package socket is the rule by which a unix socket is ours: its path, its
// folder, the file itself and the process at the other end. Both ends of the
// agent's socket hold it, and so does cmd/mfad, which links next to nothing:
// hence no fmt and no net here.
//
// The package reads nothing but the kernel. It opens no socket and knows no
// path by itself.
package socket

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// CheckFolder makes sure that dir is a folder, no symlink, that is ours and
// closed to everybody else. The error says what to do; it wraps fs.ErrNotExist
// when there is no such folder.
func CheckFolder(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return &failure{"checking the socket's folder", err}
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return errors.New("the socket's folder " + dir + " is a symbolic link: set MFAD_SOCKET to a path in a real folder of your own")
	case !info.IsDir():
		return errors.New("the socket's folder " + dir + " is not a folder: set MFAD_SOCKET to a path in a folder of your own")
	}
	if err := checkOwner("socket folder", dir, info); err != nil {
		return err
	}
	return checkMode(dir, info)
}

// Check makes sure that path is a socket of ours, and that [CheckFolder] holds
// for its folder. It wraps fs.ErrNotExist when either is missing.
func Check(path string) error {
	if err := CheckFolder(filepath.Dir(path)); err != nil {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return &failure{"checking the agent's socket", err}
	}
	if !isSocket(info) {
		return errors.New(path + " is not a socket: remove it, or set MFAD_SOCKET to another path")
	}
	return checkOwner("agent socket", path, info)
}

// CheckLength makes sure that the system can name a socket by path.
func CheckLength(path string) error {
	if len(path) <= maxPath {
		return nil
	}
	return errors.New("the socket path " + path + " is " + strconv.Itoa(len(path)) + " bytes long and the system allows " +
		strconv.Itoa(maxPath) + ": set MFAD_SOCKET to a shorter one")
}

// failure is what we were doing, and why it went wrong.
type failure struct {
	doing string
	cause error
}

func (f *failure) Error() string { return f.doing + ": " + f.cause.Error() }

func (f *failure) Unwrap() error { return f.cause }
