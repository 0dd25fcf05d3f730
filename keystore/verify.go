package keystore

import (
	"bytes"
	"fmt"
)

// Report is what Verify found.
type Report struct {
	Items, Slots int      // looked at
	Decrypted    bool     // items were decrypted too, which takes an unlocked vault
	Faults       []string // one line each; none when all is well
}

// Verify reads the whole vault again, and compares it with what was written. A
// locked vault has its hashes compared; an unlocked one is decrypted as well,
// which counts as one use.
func (v *Vault) Verify() Report { return v.state.verify(v.hold.use) }

// verify is Verify; use gives the key of an unlocked vault. No writer comes
// between.
func (s *state) verify(use func() (*vaultKey, error)) Report {
	s.writing.Lock()
	defer s.writing.Unlock()
	man := s.manifest()
	r := Report{Items: len(man.Items), Slots: len(man.Slots)}
	fault := func(err error) {
		if err != nil {
			r.Faults = append(r.Faults, err.Error())
		}
	}
	fault(s.folder.verifyManifest(man))
	for _, slot := range man.Slots {
		_, err := s.folder.readSealed(slot.File(), slot.SHA256)
		fault(err)
	}
	key, err := use()
	r.Decrypted = err == nil
	if key != nil {
		defer key.wipe()
	}
	for _, i := range man.Items {
		fault(s.folder.verifyItem(i, key))
	}
	for _, rel := range s.folder.strays(man) {
		if written, newer := writtenAfter(rel, man.Generation+1); newer {
			fault(fmt.Errorf("%w: %s is of generation %d, and the vault of %d", ErrRolledBack, rel, written, man.Generation))
		}
	}
	if s.mark.behind != nil {
		fault(fmt.Errorf("a roll back would go unnoticed: %w", s.mark.behind))
	}
	return r
}

// verifyManifest compares vault.json with what was written.
func (f folder) verifyManifest(man *manifest) error {
	data, err := f.readFile(manifestFile, maxManifest)
	if err != nil {
		return fmt.Errorf("reading %s: %w", manifestFile, err)
	}
	if !bytes.Equal(data, man.text) {
		return fmt.Errorf("%w: %s is not what was read or written last", ErrConflict, manifestFile)
	}
	return nil
}

// verifyItem compares an item's hash, and decrypts it unless key is nil.
func (f folder) verifyItem(item Item, key *vaultKey) error {
	if key == nil {
		_, err := f.readSealed(item.File(), item.SHA256)
		return err
	}
	secret, err := f.readItem(item, key)
	secret.Destroy()
	return err
}
