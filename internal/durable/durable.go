// Package durable writes files so that a kill, a full disk or a power cut at
// any step leaves the old content or the new, never anything else.
//
// The recipe is the one that survives every fault we know how to inject: write
// a temporary file in the same folder, fsync it, rename it over the target,
// fsync the folder. What a fault leaves behind is a temporary file, which
// [Clean] removes at the next start.
//
// The package knows nothing of what it writes: it does not parse, encrypt or
// keep backups. Every store of mfad (vault, ledger, configuration) goes through
// an [FS], so that one shim can fail each step of all of them.
package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// FS is the part of the file system that a store touches. Names are paths as
// the os package takes them. [OS] is the real one; tests put a shim in its
// place that kills or fails at a chosen step.
type FS interface {
	// OpenFile is os.OpenFile.
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)
	// ReadFile is os.ReadFile.
	ReadFile(name string) ([]byte, error)
	// ReadDir is os.ReadDir.
	ReadDir(name string) ([]fs.DirEntry, error)
	// Lstat is os.Lstat.
	Lstat(name string) (fs.FileInfo, error)
	// MkdirAll is os.MkdirAll.
	MkdirAll(name string, perm fs.FileMode) error
	// Rename is os.Rename: atomic within a folder.
	Rename(oldname, newname string) error
	// Remove is os.Remove.
	Remove(name string) error
	// SyncDir makes the names in a folder durable: renames and removals before
	// it survive a power cut.
	SyncDir(name string) error
}

// File is an open file as a store writes it.
type File interface {
	io.Writer
	Sync() error
	Close() error
}

// OS is the real file system.
var OS FS = osFS{}

type osFS struct{}

func (osFS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	return os.OpenFile(name, flag, perm)
}
func (osFS) ReadFile(name string) ([]byte, error)         { return os.ReadFile(name) }
func (osFS) ReadDir(name string) ([]fs.DirEntry, error)   { return os.ReadDir(name) }
func (osFS) Lstat(name string) (fs.FileInfo, error)       { return os.Lstat(name) }
func (osFS) MkdirAll(name string, perm fs.FileMode) error { return os.MkdirAll(name, perm) }
func (osFS) Rename(oldname, newname string) error         { return os.Rename(oldname, newname) }
func (osFS) Remove(name string) error                     { return os.Remove(name) }
func (osFS) SyncDir(name string) error                    { return syncDir(name) }

// tempSuffix marks the temporary files of this package, and only those.
const tempSuffix = ".mfad-tmp"

// WriteFile replaces the content of name, or makes it, with the mode perm
// whatever the umask. When it returns nil the new content is on the disk; when
// it returns an error the old content still stands, but for an error of the
// last step (fsync of the folder), after which either may be found following a
// power cut.
func WriteFile(fsys FS, name string, data []byte, perm fs.FileMode) error {
	temp := tempOf(name)
	if err := writeTemp(fsys, temp, data, perm); err != nil {
		_ = fsys.Remove(temp)
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if err := fsys.Rename(temp, name); err != nil {
		_ = fsys.Remove(temp)
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if err := fsys.SyncDir(filepath.Dir(name)); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

func writeTemp(fsys FS, temp string, data []byte, perm fs.FileMode) error {
	f, err := fsys.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	// The umask must not narrow the mode of a file that is replaced.
	if c, ok := f.(interface{ Chmod(fs.FileMode) error }); ok {
		err = c.Chmod(perm)
	}
	if err == nil {
		_, err = f.Write(data)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Writable returns why name cannot be replaced, as far as that can be known before:
// it makes a temporary file in the same folder, and removes it. [CleanFile] of name
// removes one that stays.
func Writable(fsys FS, name string) error {
	temp := tempOf(name)
	f, err := fsys.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), fsys.Remove(temp))
}

// tempOf names a new temporary file for the next content of name.
func tempOf(name string) string {
	return filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+"."+strconv.FormatUint(rand.Uint64(), 36)+tempSuffix)
}

// Clean removes the temporary files that a killed writer left in dir. Call it
// only while holding the lock that guards dir: it cannot tell a leftover from
// a file that another process is about to rename.
func Clean(fsys FS, dir string) error { return clean(fsys, dir, "") }

// CleanFile removes the temporary files that a killed [WriteFile] of name left.
// Call it only while nobody else writes name.
func CleanFile(fsys FS, name string) error {
	return clean(fsys, filepath.Dir(name), "."+filepath.Base(name)+".")
}

func clean(fsys FS, dir, prefix string) error {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("cleaning %s: %w", dir, err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), prefix) || !strings.HasSuffix(e.Name(), tempSuffix) {
			continue
		}
		if err := fsys.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cleaning %s: %w", dir, err)
		}
	}
	return nil
}

// MkdirAll makes dir and the folders above it that are missing, and makes
// their names durable, so that a power cut does not take a folder away with
// the file that was just written to it.
func MkdirAll(fsys FS, dir string, perm fs.FileMode) error {
	var parents []string
	for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
		_, err := fsys.Lstat(d)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || d == filepath.Dir(d) {
			return fmt.Errorf("making folder %s: %w", dir, err)
		}
		parents = append(parents, filepath.Dir(d))
	}
	if err := fsys.MkdirAll(dir, perm); err != nil {
		return fmt.Errorf("making folder %s: %w", dir, err)
	}
	for _, d := range parents {
		if err := fsys.SyncDir(d); err != nil {
			return fmt.Errorf("making folder %s: %w", dir, err)
		}
	}
	return nil
}
