package keystore

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/mfad/mfad/internal/durable"
)

// A mark remembers, outside the vault, which vault was seen last and in which
// generation: one line, "RECIPIENT GENERATION". It follows vault.json and never
// leads it, since a mark that a crash left ahead would refuse the vault for
// ever. So a kill between the two costs the protection of one generation, until
// the next Unlock raises the mark.
//
// Whoever can write the file can remove it: a mark that is missing or garbled
// refuses nothing.
type mark struct {
	recipient  string
	generation uint64
}

const maxMark = 256

func (m mark) encode() []byte { return fmt.Appendf(nil, "%s %d\n", m.recipient, m.generation) }

func parseMark(b []byte) (m mark, ok bool) {
	recipient, digits, _ := strings.Cut(strings.TrimSuffix(string(b), "\n"), " ")
	generation, err := strconv.ParseUint(digits, 10, 64)
	return mark{recipient, generation}, err == nil && len(b) <= maxMark
}

func (v *Vault) readMark() (m mark, ok bool, err error) {
	if v.opts.HighWater == "" {
		return mark{}, false, nil
	}
	data, err := v.opts.FS.ReadFile(v.opts.HighWater)
	if errors.Is(err, fs.ErrNotExist) {
		return mark{}, false, nil
	}
	if err != nil {
		return mark{}, false, fmt.Errorf("reading the highest generation seen: %w", err)
	}
	m, ok = parseMark(data)
	return m, ok, nil
}

// checkMark refuses a manifest that is older than the mark, or another vault's.
func (v *Vault) checkMark(man *manifest) error {
	m, ok, err := v.readMark()
	if err != nil || !ok {
		return err
	}
	if m.recipient != man.Recipient {
		return fmt.Errorf("%w: this is not the vault that was here before; if you put it here yourself, remove %s",
			ErrRolledBack, v.opts.HighWater)
	}
	if man.Generation < m.generation {
		return fmt.Errorf("%w: this is generation %d and %d was seen; if you restored a backup yourself, remove %s",
			ErrRolledBack, man.Generation, m.generation, v.opts.HighWater)
	}
	return nil
}

// raiseMark brings the mark up to man, which is on the disk. A mark that cannot
// be written does not undo what was: Verify tells of it, and the next change or
// Unlock tries again.
func (v *Vault) raiseMark(man *manifest) { v.markErr = v.writeMark(man) }

func (v *Vault) writeMark(man *manifest) error {
	if v.opts.HighWater == "" {
		return nil
	}
	want := mark{man.Recipient, man.Generation}
	if m, ok, err := v.readMark(); err == nil && ok && m == want {
		return nil
	}
	if err := durable.MkdirAll(v.opts.FS, filepath.Dir(v.opts.HighWater), 0o700); err != nil {
		return err
	}
	return durable.WriteFile(v.opts.FS, v.opts.HighWater, want.encode(), 0o600)
}

// forgetMark removes the mark of a vault that is gone, for good, so that the
// next one to stand here is not taken for it.
func (v *Vault) forgetMark() error {
	if v.opts.HighWater == "" {
		return nil
	}
	err := v.opts.FS.Remove(v.opts.HighWater)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = v.opts.FS.SyncDir(filepath.Dir(v.opts.HighWater))
	}
	if err != nil {
		return fmt.Errorf("forgetting the vault that was here before: %w", err)
	}
	return nil
}
