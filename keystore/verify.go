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
func (v *Vault) Verify() Report {
	v.writing.Lock()
	defer v.writing.Unlock()
	man := v.manifest()
	r := Report{Items: len(man.Items), Slots: len(man.Slots)}
	fault := func(err error) {
		if err != nil {
			r.Faults = append(r.Faults, err.Error())
		}
	}
	fault(v.verifyManifest(man))
	for _, s := range man.Slots {
		_, err := v.folder.readSealed(s.File(), s.SHA256)
		fault(err)
	}
	key, err := v.use()
	r.Decrypted = err == nil
	for _, i := range man.Items {
		fault(v.verifyItem(i, key))
	}
	for _, rel := range v.folder.strays(man) {
		if written, newer := writtenAfter(rel, man.Generation+1); newer {
			fault(fmt.Errorf("%w: %s is of generation %d, and the vault of %d", ErrRolledBack, rel, written, man.Generation))
		}
	}
	if v.mark.behind != nil {
		fault(fmt.Errorf("a roll back would go unnoticed: %w", v.mark.behind))
	}
	return r
}

func (v *Vault) verifyManifest(man *manifest) error {
	data, err := v.folder.readFile(manifestFile, maxManifest)
	if err != nil {
		return fmt.Errorf("reading %s: %w", manifestFile, err)
	}
	if !bytes.Equal(data, man.encode()) {
		return fmt.Errorf("%w: %s was changed by another program", ErrDamaged, manifestFile)
	}
	return nil
}

// verifyItem compares an item's hash, and decrypts it unless key is nil.
func (v *Vault) verifyItem(item Item, key *vaultKey) error {
	if key == nil {
		_, err := v.folder.readSealed(item.File(), item.SHA256)
		return err
	}
	secret, err := v.readItem(item, key)
	secret.Destroy()
	return err
}
