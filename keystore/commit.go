package keystore

import (
	"bytes"
	"fmt"
)

// alter makes one change as the only writer. An error of edit leaves
// everything as it was.
func (s *state) alter(key *vaultKey, edit func(*change) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.lost != nil {
		return fmt.Errorf("an earlier write left the vault in doubt, open it again: %w: %w", ErrUncertain, s.lost)
	}
	man, err := s.openManifest()
	if err != nil {
		return err
	}
	c := change{next: man.next()}
	if err := edit(&c); err != nil {
		return err
	}
	done, err := s.alone()
	if err != nil {
		return err
	}
	defer done()
	if err := s.compare(); err != nil {
		return err
	}
	return s.commit(&c, key)
}

// begin commits the first manifest of a vault. An error leaves none.
func (s *state) begin(c *change, key *vaultKey) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	// The mark of a vault that stood here before would refuse this one.
	err := s.mark.forget()
	if err == nil {
		err = s.commit(c, key)
	}
	if err != nil {
		s.folder.remove(manifestFile)
		s.discard(c.fresh)
	}
	return err
}

// commit signs and writes a change; the caller holds writing. The rename of
// vault.json is the moment at which it counts: before it the files of the old
// state are untouched, and only after it is on the disk are they removed.
func (s *state) commit(c *change, key *vaultKey) error {
	if err := c.next.check(); err != nil {
		return fmt.Errorf("%w: %v", ErrInvalid, err)
	}
	c.next.sign(key.mac)
	data := c.next.text
	if len(data) > maxManifest {
		return fmt.Errorf("%w: %s would have %d bytes; %d are possible", ErrInvalid, manifestFile, len(data), maxManifest)
	}
	for _, f := range c.fresh {
		if err := s.folder.writeFile(f.rel, f.data); err != nil {
			s.discard(c.fresh)
			return err
		}
	}
	if err := s.folder.writeFile(manifestFile, data); err != nil {
		return s.settle(c, data, err)
	}
	s.adopt(c.next)
	s.mark.raise(c.next)
	for _, f := range c.stale {
		s.folder.retire(f)
	}
	return nil
}

// settle finds out which state stands after a write of vault.json failed. When
// the last fsync did, the new one can be seen, but a power cut may bring back
// the old: so the files of both stay, and the mark is not raised. It returns
// the cause, as ErrUncertain unless the old state stands. The caller holds
// writing.
func (s *state) settle(c *change, data []byte, cause error) error {
	found, err := s.folder.readFile(manifestFile, maxManifest)
	old := s.manifest()
	switch {
	case err == nil && bytes.Equal(found, data):
		s.adopt(c.next)
	case err == nil && old != nil && bytes.Equal(found, old.text):
		s.discard(c.fresh)
		return cause
	default:
		s.lost = cause
	}
	return fmt.Errorf("%w: %w", ErrUncertain, cause)
}

func (s *state) discard(files []freshFile) {
	for _, f := range files {
		s.folder.remove(f.rel)
	}
}
