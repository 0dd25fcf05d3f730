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

// highWater is the file of a mark. It has no mutex: whoever checks, raises or
// forgets the mark is the vault's only writer then.
type highWater struct {
	fsys   durable.FS
	file   string // empty: nothing is remembered, and no roll back is noticed
	behind error  // why the mark lags behind the vault
}

// clean removes the temporary files of killed writers.
func (h *highWater) clean() {
	if h.file != "" {
		_ = durable.CleanFile(h.fsys, h.file)
	}
}

func (h *highWater) read() (m mark, ok bool, err error) {
	if h.file == "" {
		return mark{}, false, nil
	}
	data, err := h.fsys.ReadFile(h.file)
	if errors.Is(err, fs.ErrNotExist) {
		return mark{}, false, nil
	}
	if err != nil {
		return mark{}, false, fmt.Errorf("reading the highest generation seen: %w", err)
	}
	m, ok = parseMark(data)
	return m, ok, nil
}

// check refuses a manifest that is older than the mark, or another vault's.
func (h *highWater) check(man *manifest) error {
	m, ok, err := h.read()
	if err != nil || !ok {
		return err
	}
	if m.recipient != man.Recipient {
		return fmt.Errorf("%w: this is not the vault that was here before; if you put it here yourself, remove %s",
			ErrRolledBack, h.file)
	}
	if man.Generation < m.generation {
		return fmt.Errorf("%w: this is generation %d and %d was seen; if you restored a backup yourself, remove %s",
			ErrRolledBack, man.Generation, m.generation, h.file)
	}
	return nil
}

// raise brings the mark up to man, which is on the disk. A mark that cannot be
// written does not undo what was: Verify tells of it, and the next change or
// Unlock tries again.
func (h *highWater) raise(man *manifest) { h.behind = h.write(man) }

func (h *highWater) write(man *manifest) error {
	if h.file == "" {
		return nil
	}
	want := mark{man.Recipient, man.Generation}
	if m, ok, err := h.read(); err == nil && ok && m == want {
		return nil
	}
	if err := durable.MkdirAll(h.fsys, filepath.Dir(h.file), 0o700); err != nil {
		return err
	}
	return durable.WriteFile(h.fsys, h.file, want.encode(), 0o600)
}

// forget removes the mark of a vault that is gone, for good, so that the next
// one to stand here is not taken for it.
func (h *highWater) forget() error {
	if h.file == "" {
		return nil
	}
	err := h.fsys.Remove(h.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = h.fsys.SyncDir(filepath.Dir(h.file))
	}
	if err != nil {
		return fmt.Errorf("forgetting the vault that was here before: %w", err)
	}
	return nil
}
