package keystore

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"filippo.io/age"

	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/owner"
)

// A mark remembers, outside the vault, which vault was seen last and in which
// generation: one line, "RECIPIENT GENERATION". It follows vault.json and never
// leads it, since a mark that a crash left ahead would refuse the vault for
// ever. So a kill between the two costs the protection of one generation, until
// the next Unlock raises the mark.
//
// Whoever can write the file can remove it: a mark that is missing refuses nothing,
// and [Vault.Unmarked] tells. One that is there and cannot be read was there for a
// reason: it refuses the vault.
type mark struct {
	recipient  string
	generation uint64
}

const maxMark = 256

func (m mark) encode() []byte { return fmt.Appendf(nil, "%s %d\n", m.recipient, m.generation) }

func parseMark(b []byte) (m mark, ok bool) {
	recipient, digits, _ := strings.Cut(strings.TrimSuffix(string(b), "\n"), " ")
	generation, err := strconv.ParseUint(digits, 10, 64)
	_, bad := age.ParseX25519Recipient(recipient)
	m = mark{recipient, generation}
	return m, err == nil && bad == nil && bytes.Equal(m.encode(), b)
}

// highWater is the file of a mark. It has no mutex: whoever checks, raises or
// forgets the mark is the vault's only writer then.
type highWater struct {
	fsys   durable.FS
	file   string // empty: nothing is remembered, and no roll back is noticed
	behind error  // why the mark lags behind the vault

	accepts bool // the vault was restored by the person: no mark is heeded until it is unlocked
	missing bool // there was no mark when the vault was opened
}

// clean removes the temporary files of killed writers.
func (h *highWater) clean() {
	if h.file != "" {
		_ = durable.CleanFile(h.fsys, h.file)
	}
}

// read returns the mark, and whether there is one. It wraps ErrUnmarked when there
// is something else in its place.
func (h *highWater) read() (m mark, found bool, err error) {
	if h.file == "" {
		return mark{}, false, nil
	}
	info, err := h.fsys.Lstat(h.file)
	if errors.Is(err, fs.ErrNotExist) {
		return mark{}, false, nil
	}
	if err == nil {
		err = h.judge(info)
	}
	if err != nil {
		return mark{}, false, fmt.Errorf("%w: %w", ErrUnmarked, err)
	}
	data, err := h.fsys.ReadFile(h.file)
	if err != nil {
		return mark{}, false, fmt.Errorf("%w: %w", ErrUnmarked, err)
	}
	m, ok := parseMark(data)
	if !ok {
		return mark{}, false, fmt.Errorf("%w: %s is garbled", ErrUnmarked, h.file)
	}
	return m, true, nil
}

// judge says what keeps a file from being believed.
func (h *highWater) judge(info fs.FileInfo) error {
	switch uid, foreign := owner.Foreign(info); {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is %s, and no file", h.file, owner.Kind(info))
	case info.Size() == 0:
		return fmt.Errorf("%s is empty", h.file)
	case info.Size() > maxMark:
		return fmt.Errorf("%s is garbled", h.file)
	case foreign:
		return fmt.Errorf("%s belongs to another user (uid %d)", h.file, uid)
	case owner.Unreadable(info), owner.WritableByOthers(info):
		return fmt.Errorf("%s has the mode %04o: run chmod 600 %s", h.file, info.Mode().Perm(), h.file)
	}
	return nil
}

// check refuses a manifest that is older than the mark, or another vault's.
func (h *highWater) check(man *manifest) error {
	if h.accepts {
		return nil
	}
	m, found, err := h.read()
	switch {
	case err != nil:
		return err
	case !found:
		return nil
	case m.recipient != man.Recipient:
		return fmt.Errorf("%w: this is not the vault that was here before", ErrRolledBack)
	case man.Generation < m.generation:
		return fmt.Errorf("%w: this is generation %d and %d was seen", ErrRolledBack, man.Generation, m.generation)
	}
	return nil
}

// note remembers whether there was a mark, at the start.
func (h *highWater) note() {
	_, found, err := h.read()
	h.missing = h.file != "" && err == nil && !found
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
	if m, found, err := h.read(); err == nil && found && m == want {
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
