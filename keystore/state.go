package keystore

import (
	"fmt"
	"sync"
	"time"

	"github.com/mfad/mfad/internal/durable"
)

// state is the manifest that counts, in memory as on the disk, and the one way
// from it to the next. It holds no key: whoever makes a change brings it.
type state struct {
	folder folder
	lock   *durable.Lock // keeps other processes off the folder

	// writing is the lane of the writers, held across the I/O of a change but
	// never across a prompt or a plugin. Readers do not wait for it.
	writing sync.Mutex
	lost    error     // why the state on the disk is not known; guarded by writing
	mark    highWater // guarded by writing
	written time.Time // of vault.json, when it was opened; guarded by writing

	// mu guards what follows, and is never held across I/O. A holder of writing
	// may take it, never the other way round.
	mu       sync.Mutex
	man      *manifest // replaced, never changed; nil before there is one
	isClosed bool
}

// load reads the manifest that is on the disk.
func (s *state) load() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.clean()
	if info, err := s.folder.fsys.Lstat(s.folder.path(manifestFile)); err == nil {
		s.written = info.ModTime()
	}
	data, err := s.folder.readFile(manifestFile, maxManifest)
	if err != nil {
		return err
	}
	man, err := parseManifest(data)
	if err != nil {
		return err
	}
	s.adopt(man)
	if err := s.mark.check(man); err != nil {
		return err
	}
	s.mark.note()
	return nil
}

// unmarked tells whether there was no mark when the vault was opened.
func (s *state) unmarked() (missing bool, written time.Time) {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.mark.missing, s.written
}

// clean removes the temporary files of killed writers.
func (s *state) clean() {
	s.folder.clean()
	s.mark.clean()
}

// manifest is what counts now. A writer may replace it meanwhile.
func (s *state) manifest() *manifest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.man
}

// openManifest is manifest, unless the vault was closed meanwhile.
func (s *state) openManifest() (*manifest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isClosed {
		return nil, ErrClosed
	}
	return s.man, nil
}

func (s *state) adopt(man *manifest) {
	s.mu.Lock()
	s.man = man
	s.mu.Unlock()
}

// admit lets a key in if it is the one that signed the manifest, and then
// catches up on what a kill may have left undone.
func (s *state) admit(key *vaultKey) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	man, err := s.openManifest()
	if err != nil {
		return err
	}
	if key.identity.Recipient().String() != man.Recipient {
		return fmt.Errorf("%w: the slot holds the identity of another vault", ErrDamaged)
	}
	if !man.authentic(key.mac) {
		return fmt.Errorf("%w: %s was not signed by this vault", ErrDamaged, manifestFile)
	}
	done, err := s.alone()
	if err != nil {
		return err
	}
	defer done()
	if err := s.compareManifest(); err != nil {
		return err
	}
	if s.mark.accepts {
		return s.accept(key)
	}
	if err := s.mark.check(man); err != nil {
		return err
	}
	if s.lock.Shared() {
		return nil
	}
	// A vault.json that was renamed but not yet synced may vanish in a power
	// cut: until it cannot, the mark must not pass it, nor the files that the
	// one before it names be removed.
	if s.folder.sync() == nil {
		s.mark.raise(man)
		s.folder.sweep(man)
	}
	return nil
}

// accept makes a vault that the person has restored the newest one: its next
// generation is one that none had before, so that what was written after the
// backup cannot be put here again unnoticed. Of that, the files of items stay
// under other names. The caller holds writing.
func (s *state) accept(key *vaultKey) error {
	if err := s.compare(); err != nil {
		return err
	}
	c := change{next: s.manifest().next()}
	for _, rel := range s.folder.strays(c.next) {
		if written, newer := writtenAfter(rel, c.next.Generation-1); newer {
			c.next.Generation = max(c.next.Generation, written+1)
			s.folder.keepAside(rel)
		}
	}
	if m, found, err := s.mark.read(); err == nil && found && m.recipient == c.next.Recipient {
		c.next.Generation = max(c.next.Generation, m.generation+1)
	}
	if err := s.commit(&c, key); err != nil {
		return err
	}
	s.mark.accepts = false
	return nil
}

// close waits for the change that is being written, if any, and lets no other
// follow. It then calls drop, and gives the folder free for other processes.
// Closing again only calls drop.
func (s *state) close(drop func()) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	again := s.isClosed
	s.isClosed = true
	s.mu.Unlock()
	drop()
	if again {
		return nil
	}
	return s.lock.Unlock()
}
