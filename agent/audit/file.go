package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/owner"
)

// sizeLimit is the size in bytes at which a file is set aside; one older file is
// kept beside it.
const sizeLimit = 8 << 20

// file appends lines to a file that it opens at the first one, and again when
// somebody has removed, replaced or cut it. It is an io.Writer for one slog
// handler, and safe for concurrent use.
type file struct {
	fsys  durable.FS
	path  string
	limit int64
	// lost makes the line that tells what became of the lines before it; nil: none.
	lost func(what string) (line []byte)

	mu   sync.Mutex
	open durable.File
	id   fs.FileInfo // of open
	size int64
	torn bool // half a line may stand at the end
}

func (f *file) Write(line []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.appendLocked(line)
}

// probe makes sure that a line can be appended, as far as that can be known before.
func (f *file) probe() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err := f.appendLocked(nil)
	return err
}

func (f *file) appendLocked(line []byte) (int, error) {
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
func (f *file) ready(n int64) (told []byte, err error) {
	if what := f.look(); what != "" && f.lost != nil {
		told = f.lost(what)
	}
	return told, f.makeRoom(n + int64(len(told)))
}

// look finds out what somebody else did to the file since the last line; empty when
// it is as it was left.
func (f *file) look() (what string) {
	if f.open == nil {
		return ""
	}
	info, err := f.fsys.Lstat(f.path)
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
func (f *file) makeRoom(n int64) error {
	if err := f.reopen(); err != nil || f.size+n <= f.limit {
		return err
	}
	f.close()
	if err := f.fsys.Rename(f.path, f.path+".1"); err != nil {
		return err
	}
	f.torn = false
	return f.reopen()
}

func (f *file) reopen() error {
	if f.open != nil {
		return nil
	}
	// A pipe would hold us up, and a link lead the lines elsewhere.
	info, err := f.fsys.Lstat(f.path)
	if err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is %s, and no file", f.path, owner.Kind(info))
	}
	open, err := f.fsys.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if info, err = f.fsys.Lstat(f.path); err != nil {
		return errors.Join(err, open.Close())
	}
	f.open, f.id, f.size = open, info, info.Size()
	return nil
}

func (f *file) close() {
	_ = f.open.Close()
	f.open = nil
}
