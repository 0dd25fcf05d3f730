package durable

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/mfad/mfad/internal/pause"
)

// ErrLocked says that another process holds the lock.
var ErrLocked = errors.New("durable: locked by another process")

// Lock is an advisory lock on a file, held until Unlock or the end of the
// process. It is never inherited by a child. It is not safe for concurrent use.
type Lock struct {
	name   string
	f      *os.File // nil: a disk that nobody can write has no such file
	shared bool
}

// TryLock takes the lock on the file name, making the file (mode 0600) if it
// must, or returns at once an error that wraps [ErrLocked].
func TryLock(name string) (*Lock, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", name, err)
	}
	if err := tryLock(f, false); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("locking %s: %w", name, err)
	}
	return &Lock{name: name, f: f}, nil
}

// TryLockOrShare is TryLock that takes a shared lock, see [Lock.Shared], where the
// file can be read and not written.
func TryLockOrShare(name string) (*Lock, error) {
	l, err := TryLock(name)
	if CannotWrite(err) {
		return tryShared(name, err)
	}
	return l, err
}

// tryShared takes the lock for reading; why says what keeps us from writing.
func tryShared(name string, why error) (*Lock, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(name); err == nil {
			return nil, fmt.Errorf("locking %s: it is a link to a file that does not exist", name)
		}
		return &Lock{name: name, shared: true}, nil
	}
	if err != nil {
		return nil, why
	}
	if err := tryLock(f, true); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("locking %s: %w", name, err)
	}
	return &Lock{name, f, true}, nil
}

// TryLockFolder takes a lock on a folder itself, which has no file that somebody
// could remove meanwhile: it is for the moment in which what the folder holds is
// compared and written. Where the system or the disk has no such locks it guards
// nothing. It returns at once, with an error that wraps [ErrLocked] if another
// process has it. It is not one to renew.
func TryLockFolder(dir string) (*Lock, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	switch err := tryLock(f, false); {
	case errors.Is(err, ErrLocked):
		_ = f.Close()
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	case err != nil:
		_ = f.Close()
		return &Lock{name: dir}, nil
	}
	return &Lock{name: dir, f: f}, nil
}

// Shared tells that the disk, or the folder, is one that we only read: others may
// hold the lock for reading too, and what it guards must not be written.
func (l *Lock) Shared() bool { return l.shared }

// Renew makes sure that the lock is still on the file of its name. When that was
// removed or replaced, so that another process may have locked the new one, it
// takes the lock there, or returns an error that wraps [ErrLocked]. A shared lock
// becomes a whole one, if the file can be written by now.
//
// Whoever had to take the lock anew cannot know what was done meanwhile: what the
// lock guards is to be looked at again after each Renew.
func (l *Lock) Renew() error {
	if l.f != nil && !l.shared {
		held, err := l.f.Stat()
		if err != nil {
			return fmt.Errorf("looking at the lock %s: %w", l.name, err)
		}
		if now, err := os.Stat(l.name); err == nil && os.SameFile(held, now) {
			return nil
		}
	}
	if l.shared { // else it would be in its own way
		_ = l.Unlock()
	}
	anew, err := TryLockOrShare(l.name)
	if err != nil {
		return err
	}
	_ = l.Unlock()
	*l = *anew
	return nil
}

// AwaitLock is TryLock that waits until the lock is free or ctx ends.
func AwaitLock(ctx context.Context, name string) (*Lock, error) {
	// A blocking flock cannot be cancelled, so we ask again and again.
	var between pause.Growing
	for {
		l, err := TryLock(name)
		if !errors.Is(err, ErrLocked) {
			return l, err
		}
		if gone := between.Wait(ctx); gone != nil {
			return nil, fmt.Errorf("%w (%w)", err, gone)
		}
	}
}

// Unlock gives the lock back. The file stays: removing it would let two
// processes hold locks on two files of the same name.
func (l *Lock) Unlock() error {
	if l.f == nil {
		return nil
	}
	f := l.f
	l.f = nil
	return f.Close()
}
