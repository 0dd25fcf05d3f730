package audit

import (
	"os"

	"github.com/mfad/mfad/internal/durable"
)

// sizeLimit is the size in bytes at which the file is set aside; one older file
// is kept beside it.
const sizeLimit = 8 << 20

// file appends lines to a file that it opens at the first one. It is an
// io.Writer for one slog handler, which serialises the calls.
type file struct {
	fsys  durable.FS
	path  string
	limit int64

	open durable.File
	size int64
	torn bool // half a line may stand at the end
}

func (f *file) Write(line []byte) (int, error) {
	if err := f.makeRoom(int64(len(line))); err != nil {
		return 0, err
	}
	if f.torn {
		line = append([]byte("\n"), line...)
	}
	n, err := f.open.Write(line)
	f.size += int64(n)
	if f.torn = err != nil; f.torn {
		f.close() // a full disk may have room again at the next line
	}
	return n, err
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
	open, err := f.fsys.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	f.open, f.size = open, 0
	if info, err := f.fsys.Lstat(f.path); err == nil {
		f.size = info.Size()
	}
	return nil
}

func (f *file) close() {
	_ = f.open.Close()
	f.open = nil
}
