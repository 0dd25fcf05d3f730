// Package logfile appends lines to a file of bounded size that others may remove,
// replace or cut: the next line is where it belongs.
//
// It knows nothing of what the lines say, and syncs none of them.
package logfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/owner"
)

// Options are what a [File] is made of. FS, Path and Limit must be set.
type Options struct {
	FS   durable.FS
	Path string
	// Limit is the size in bytes at which the file is set aside as Path.1, in place
	// of the one that was set aside before.
	Limit int64
	// Lost makes the line that tells what became of the lines before it; nil: none.
	Lost func(what string) (line []byte)
	// Opened is told of each file that is opened from now on; nil: nobody is.
	Opened func(durable.File)
}

// File appends lines to a file that it opens at the first one, and again when
// somebody has removed, replaced or cut it. It is an io.Writer that takes one line
// at a time, and safe for concurrent use.
type File struct {
	o Options

	mu   sync.Mutex
	open durable.File
	id   fs.FileInfo // of open
	size int64
	torn bool // half a line may stand at the end
}

// New returns a File that opens, and makes, its file at the first line.
func New(o Options) *File { return &File{o: o} }

// Write appends a line. After an error the next one is tried in a file that is
// opened again.
func (f *File) Write(line []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.appendLocked(line)
}

// Probe makes sure that a line can be appended, as far as that can be known before.
func (f *File) Probe() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err := f.appendLocked(nil)
	return err
}

func (f *File) appendLocked(line []byte) (int, error) {
	told, err := f.ready(int64(len(line)))
	if err != nil {
		return 0, err
	}
	all := append(told, line...)
	if len(all) == 0 {
		return 0, nil
	}
	if f.torn {
		all = append([]byte("\n"), all...)
	}
	n, err := f.open.Write(all)
	f.size += int64(n)
	if f.torn = err != nil; f.torn {
		f.close() // a full disk may have room again at the next line
	}
	return n, err
}

// ready opens the file, or the one that is there now, with room for n bytes. Told is
// the line that has to come first.
func (f *File) ready(n int64) (told []byte, err error) {
	if what := f.look(); what != "" && f.o.Lost != nil {
		told = f.o.Lost(what)
	}
	return told, f.makeRoom(n + int64(len(told)))
}

// look finds out what somebody else did to the file since the last line; empty when
// it is as it was left.
func (f *File) look() (what string) {
	if f.open == nil {
		return ""
	}
	info, err := f.o.FS.Lstat(f.o.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		what = "removed"
	case err != nil:
		return "" // what follows fails as well, and says why
	case !os.SameFile(info, f.id):
		what = "replaced"
	case info.Size() < f.size:
		f.size, f.torn = info.Size(), false
		return "cut"
	default:
		f.size = info.Size()
		return ""
	}
	f.close()
	f.torn = false
	return what
}

// makeRoom opens the file, a new one if the old has no room for n bytes.
func (f *File) makeRoom(n int64) error {
	if err := f.reopen(); err != nil || f.size+n <= f.o.Limit {
		return err
	}
	f.close()
	if err := f.o.FS.Rename(f.o.Path, f.o.Path+".1"); err != nil {
		return err
	}
	f.torn = false
	return f.reopen()
}

func (f *File) reopen() error {
	if f.open != nil {
		return nil
	}
	// A pipe would hold us up, and a link lead the lines elsewhere.
	info, err := f.o.FS.Lstat(f.o.Path)
	if err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is %s, and no file", f.o.Path, owner.Kind(info))
	}
	open, err := f.o.FS.OpenFile(f.o.Path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if info, err = f.o.FS.Lstat(f.o.Path); err != nil {
		return errors.Join(err, open.Close())
	}
	f.open, f.id, f.size = open, info, info.Size()
	if f.o.Opened != nil {
		f.o.Opened(open)
	}
	return nil
}

func (f *File) close() {
	_ = f.open.Close()
	f.open = nil
}
