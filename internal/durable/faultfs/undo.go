package faultfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// undo takes back what has not been synced: the entry of a folder, which lasts
// from SyncDir on, or the content of a file, which lasts from its Sync on.
type undo struct {
	sync    string // the folder or file whose sync makes it last
	name    string
	data    []byte // what name held
	missing bool   // name did not exist
}

func (u undo) back() error {
	if u.missing {
		return os.RemoveAll(u.name)
	}
	return os.WriteFile(u.name, u.data, 0o600)
}

// noteEntry notes what a folder says of name now.
func (f *FS) noteEntry(name string) error {
	name = filepath.Clean(name)
	data, err := os.ReadFile(name)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return err
	}
	f.undo = append(f.undo, undo{filepath.Dir(name), name, data, missing})
	return nil
}

// noteContent notes what a file holds now, unless what it held at its last sync
// is noted already.
func (f *FS) noteContent(name string) error {
	if slices.ContainsFunc(f.undo, func(u undo) bool { return u.sync == name }) {
		return nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	f.undo = append(f.undo, undo{sync: name, name: name, data: data})
	return nil
}

// moveContent lets content that was not synced be lost under its new name. It
// is undone before the rename is, and so goes to the end.
func (f *FS) moveContent(oldname, newname string) {
	f.synced(newname)
	for _, u := range f.undo {
		if u.sync == oldname {
			f.undo = append(f.undo, undo{sync: newname, name: newname, data: u.data})
		}
	}
	f.synced(oldname)
}

// synced forgets what a sync of name makes last.
func (f *FS) synced(name string) {
	name = filepath.Clean(name)
	f.undo = slices.DeleteFunc(f.undo, func(u undo) bool { return u.sync == name })
}

func isMissing(name string) bool {
	_, err := os.Lstat(name)
	return errors.Is(err, fs.ErrNotExist)
}
