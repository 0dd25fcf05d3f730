package keystore

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/mfad/mfad/internal/durable"
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

// readFile reads a file of the vault's folder, at most most bytes of it.
func (v *Vault) readFile(rel string, most int64) ([]byte, error) {
	info, err := v.opts.FS.Lstat(v.path(rel))
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("%w: %s is not a file of up to %d bytes", ErrDamaged, rel, most)
	}
	return v.opts.FS.ReadFile(v.path(rel))
}

// readSealed reads an age file and compares it with its hash in the manifest.
func (v *Vault) readSealed(rel, hash string) ([]byte, error) {
	data, err := v.readFile(rel, maxFile)
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

func sumHex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// clean removes the temporary files of killed writers. It is best effort, as
// is sweep: a leftover that stays does no harm and is met again next time.
func (v *Vault) clean() {
	for _, dir := range []string{"", slotsDir, itemsDir} {
		_ = durable.Clean(v.opts.FS, v.path(dir))
	}
	if v.opts.HighWater != "" {
		_ = durable.CleanFile(v.opts.FS, v.opts.HighWater)
	}
}

// sweep removes the age files that man does not name: what a killed change had
// written before it counted, or no longer needed after. The caller has made
// sure that man is authentic and on the disk.
func (v *Vault) sweep(man *manifest) {
	for _, rel := range v.strays(man) {
		if _, newer := writtenAfter(rel, man.Generation+1); !newer {
			_ = v.opts.FS.Remove(v.path(rel))
		}
	}
}

// strays lists the age files that man does not name.
func (v *Vault) strays(man *manifest) []string {
	named := make(map[string]bool)
	for _, s := range man.Slots {
		named[s.File()] = true
	}
	for _, i := range man.Items {
		named[i.File()] = true
	}
	var strays []string
	for _, dir := range []string{slotsDir, itemsDir} {
		entries, err := v.opts.FS.ReadDir(v.path(dir))
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
