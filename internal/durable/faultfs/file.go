package faultfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mfad/mfad/internal/durable"
)

// OpenFile implements [durable.FS].
func (f *FS) OpenFile(name string, flag int, perm fs.FileMode) (durable.File, error) {
	var opened *os.File
	err := f.do("open", name, func() error {
		var err error
		switch {
		case flag&os.O_CREATE != 0 && isMissing(name):
			err = f.noteEntry(name)
		case flag&os.O_TRUNC != 0:
			err = f.noteContent(filepath.Clean(name))
		}
		if err != nil {
			return err
		}
		opened, err = os.OpenFile(name, flag, perm)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &file{f, opened, filepath.Clean(name)}, nil
}

// file is an open file whose content lasts from Sync on.
type file struct {
	fsys *FS
	os   *os.File
	name string
}

// Write writes half of p when it fails: a torn write.
func (f *file) Write(p []byte) (n int, err error) {
	f.fsys.mu.Lock()
	defer f.fsys.mu.Unlock()
	wasDead := f.fsys.dead
	fault := f.fsys.step("write", f.name)
	if fault != nil {
		p = p[:len(p)/2]
	}
	if wasDead {
		return 0, fault
	}
	if err := f.fsys.noteContent(f.name); err != nil {
		return 0, err
	}
	n, err = f.os.Write(p)
	return n, errors.Join(fault, err)
}

func (f *file) Sync() error {
	return f.fsys.do("sync", f.name, func() error {
		f.fsys.synced(f.name)
		return nil
	})
}

// Close closes the real file whatever happens, so that a test leaks none.
func (f *file) Close() error {
	closed := f.os.Close()
	if err := f.fsys.do("close", f.name, func() error { return nil }); err != nil {
		return err
	}
	return closed
}
