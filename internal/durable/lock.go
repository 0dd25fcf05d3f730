package durable

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/mfad/mfad/internal/pause"
)

// ErrLocked says that another process holds the lock.
var ErrLocked = errors.New("durable: locked by another process")

// Lock is an advisory lock on a file, held until Unlock or the end of the
// process. It is never inherited by a child.
type Lock struct{ f *os.File }

// TryLock takes the lock on the file name, making the file (mode 0600) if it
// must, or returns at once an error that wraps [ErrLocked].
func TryLock(name string) (*Lock, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", name, err)
	}
	if err := tryLock(f); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("locking %s: %w", name, err)
	}
	return &Lock{f}, nil
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
func (l *Lock) Unlock() error { return l.f.Close() }
