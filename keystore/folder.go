package keystore

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/owner"
)

const (
	manifestFile = "vault.json"
	lockFile     = "lock"
	slotsDir     = "slots"
	itemsDir     = "items"
	ageSuffix    = ".age"
)

// maxFile bounds what is read of an age file: the longest secret, the seals of
// its chunks, and a header with room for a post-quantum plugin's stanza.
const maxFile = maxSecret + 16<<10

// File is where the slot's age file stands in the vault's folder.
func (s Slot) File() string { return path.Join(slotsDir, s.ID+ageSuffix) }

// File is where the item's age file stands in the vault's folder. Each write
// of the content has its own, so that the old stands until the new counts.
func (i Item) File() string {
	return path.Join(itemsDir, i.ID+"-"+strconv.FormatUint(i.Written, 10)+ageSuffix)
}

// folder is where a vault stands on the disk. Its methods take names below it,
// with slashes. It never changes and remembers nothing, so nothing guards it:
// who may write, and when, is for the caller to know.
type folder struct {
	fsys durable.FS
	dir  string
}

func (f folder) path(rel string) string { return filepath.Join(f.dir, filepath.FromSlash(rel)) }

// writeFile writes a file whole, and returns when it is on the disk.
func (f folder) writeFile(rel string, data []byte) error {
	return durable.WriteFile(f.fsys, f.path(rel), data, 0o600)
}

// sync brings the names of the folder to the disk.
func (f folder) sync() error { return f.fsys.SyncDir(f.dir) }

// remove removes a file. It is best effort: the next sweep meets an age file
// that stays.
func (f folder) remove(rel string) { _ = f.fsys.Remove(f.path(rel)) }

// retire removes the file of what was removed or replaced. A file that somebody
// else put in its place is set aside: it may be the only one of its kind.
func (f folder) retire(file staleFile) {
	if data, err := f.readFile(file.rel, maxFile); err == nil && sumHex(data) != file.sha256 {
		f.keepAside(file.rel)
		return
	}
	f.remove(file.rel)
}

// keptSuffix is that of files which no vault.json names, and which no sweep takes.
const keptSuffix = ".kept"

// keepAside gives a file a name by which nobody sweeps it away. It is best effort.
func (f folder) keepAside(rel string) { _ = f.fsys.Rename(f.path(rel), f.path(rel)+keptSuffix) }

// checkOwner refuses the folder of another user.
func (f folder) checkOwner() error {
	// With the dot a link to a folder is followed.
	info, err := f.fsys.Lstat(f.dir + string(filepath.Separator) + ".")
	if err != nil {
		return err
	}
	if uid, foreign := owner.Foreign(info); foreign {
		return fmt.Errorf("%w: %s is of uid %d, and we are uid %d", ErrForeign, f.dir, uid, os.Getuid())
	}
	return nil
}

// checkVacant refuses a folder that holds a vault. Items without a vault.json
// are a vault too, which a recovery key and age still open: they must not be
// swept away.
func (f folder) checkVacant() error {
	_, err := f.fsys.Lstat(f.path(manifestFile))
	if err == nil {
		return fmt.Errorf("%w in %s", ErrExists, f.dir)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("creating vault: %w", err)
	}
	entries, err := f.fsys.ReadDir(f.path(itemsDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("creating vault: %w", err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ageSuffix) {
			return fmt.Errorf("%w: %s holds items whose %s is gone; move the folder away first", ErrExists, f.dir, manifestFile)
		}
	}
	return nil
}

// readFile reads a file, at most most bytes of it.
func (f folder) readFile(rel string, most int64) ([]byte, error) {
	info, err := f.fsys.Lstat(f.path(rel))
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("%w: %s is not a file of up to %d bytes", ErrDamaged, rel, most)
	}
	return f.fsys.ReadFile(f.path(rel))
}

// readSealed reads an age file and compares it with its hash in the manifest.
func (f folder) readSealed(rel, hash string) ([]byte, error) {
	data, err := f.readFile(rel, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is missing: %w", ErrDamaged, rel, err)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", rel, err)
	}
	if sumHex(data) != hash {
		return nil, fmt.Errorf("%w: %s is not what was written", ErrDamaged, rel)
	}
	return data, nil
}

// readItem decrypts an item as the manifest has it.
func (f folder) readItem(item Item, key *vaultKey) (*Secret, error) {
	file, err := f.readSealed(item.File(), item.SHA256)
	if err != nil {
		return nil, err
	}
	secret, err := decrypt(file, key.identity)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, item.File(), err)
	}
	return secret, nil
}

func sumHex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// clean removes the temporary files of killed writers. It is best effort, as
// is sweep: a leftover that stays does no harm and is met again next time.
func (f folder) clean() {
	for _, dir := range []string{"", slotsDir, itemsDir} {
		_ = durable.Clean(f.fsys, f.path(dir))
	}
}

// sweep removes the age files that man does not name: what a killed change had
// written before it counted, or no longer needed after. The caller has made
// sure that man is authentic and on the disk.
func (f folder) sweep(man *manifest) {
	for _, rel := range f.strays(man) {
		if _, newer := writtenAfter(rel, man.Generation+1); !newer {
			f.remove(rel)
		}
	}
}

// strays lists the age files that man does not name.
func (f folder) strays(man *manifest) []string {
	named := make(map[string]bool)
	for _, s := range man.Slots {
		named[s.File()] = true
	}
	for _, i := range man.Items {
		named[i.File()] = true
	}
	var strays []string
	for _, dir := range []string{slotsDir, itemsDir} {
		entries, err := f.fsys.ReadDir(f.path(dir))
		if err != nil {
			continue
		}
		for _, e := range entries {
			rel := path.Join(dir, e.Name())
			id, isAge := strings.CutSuffix(e.Name(), ageSuffix)
			if isAge && idPattern.MatchString(id) && !named[rel] {
				strays = append(strays, rel)
			}
		}
	}
	return strays
}

// writtenAfter tells whether an item's file was written in a generation after
// most. No kill leaves such a file: it belongs to a younger vault.json, and is
// never swept.
func writtenAfter(rel string, most uint64) (written uint64, after bool) {
	if path.Dir(rel) != itemsDir {
		return 0, false
	}
	digits := strings.TrimSuffix(rel[strings.LastIndexByte(rel, '-')+1:], ageSuffix)
	written, err := strconv.ParseUint(digits, 10, 64)
	return written, err == nil && written > most
}
