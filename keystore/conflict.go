package keystore

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"github.com/mfad/mfad/internal/durable"
)

// Changed tells whether another program has changed, replaced or removed the
// vault since it was opened or last written, with an error that wraps ErrConflict,
// or ErrBusy when that program has it open. What was read before can be read
// still, as far as its files are there; nothing is written any more. Closing the
// vault and opening it again is the way on.
func (v *Vault) Changed() error { return v.state.look() }

// Writable tells why nothing can be written to the vault now: as Changed does, and
// with an error that wraps ErrReadOnly where it can be read alone.
func (v *Vault) Writable() error {
	v.state.writing.Lock()
	defer v.state.writing.Unlock()
	return v.state.compare()
}

// look is compare of who only reads.
func (s *state) look() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.compareManifest()
}

// compare makes sure that the vault on the disk is the one in memory, before any
// of it is touched: that no other process can have written it, and that vault.json
// is what was read or written last. The caller holds writing.
//
// Somebody may have removed the lock, restored a backup, or put another folder in
// the place of this one, while the vault was open. A change on top of that would
// destroy what is there.
func (s *state) compare() error {
	switch err := s.lock.Renew(); {
	case errors.Is(err, durable.ErrLocked):
		return fmt.Errorf("%w: the lock of %s was removed, and another process has taken it", ErrBusy, s.folder.dir)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s is gone", ErrConflict, s.folder.dir)
	case err != nil:
		return err
	case s.lock.Shared():
		return fmt.Errorf("%w: %s is on a read-only disk, or in a folder that is not ours to write", ErrReadOnly, s.folder.dir)
	}
	return s.compareManifest()
}

// alone keeps other processes from the vault while it is compared and changed. The
// lock that keeps them off while it is open is a file, which somebody may remove at
// any moment. The caller calls done.
func (s *state) alone() (done func(), err error) {
	lock, err := durable.TryLockFolder(s.folder.dir)
	switch {
	case errors.Is(err, durable.ErrLocked):
		return nil, fmt.Errorf("%w: it changes %s at this moment", ErrBusy, s.folder.dir)
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %s is gone", ErrConflict, s.folder.dir)
	case err != nil:
		return nil, err
	}
	return func() { _ = lock.Unlock() }, nil
}

func (s *state) compareManifest() error {
	found, err := s.folder.readFile(manifestFile, maxManifest)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s of %s is gone", ErrConflict, manifestFile, s.folder.dir)
	case err != nil:
		return fmt.Errorf("reading %s: %w", manifestFile, err)
	}
	known := s.manifest()
	if bytes.Equal(found, known.text) {
		return nil
	}
	other, err := parseManifest(found)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %s of %s is not what was read or written last", ErrConflict, manifestFile, s.folder.dir)
	case other.Recipient != known.Recipient:
		return fmt.Errorf("%w: another vault is in %s now", ErrConflict, s.folder.dir)
	}
	return fmt.Errorf("%w: %s holds generation %d, and %d was read or written last",
		ErrConflict, s.folder.dir, other.Generation, known.Generation)
}
