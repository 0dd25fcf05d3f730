package edit

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/config/syntax"
	"github.com/mfad/mfad/internal/durable"
)

// files are the person's three files on the disk: each is read whole, and replaced
// in one step, with a backup beside it.
type files struct {
	fsys    durable.FS
	paths   config.Paths
	changes []Change
}

func (f *files) load() (*config.Files, error) {
	all := &config.Files{Getenv: judgedBy}
	for _, c := range []struct {
		name    string
		dialect syntax.Dialect
		doc     **syntax.Document
	}{
		{f.paths.Mfad, syntax.Config, &all.Mfad},
		{f.paths.Config, syntax.Config, &all.Config},
		{f.paths.Credentials, syntax.Credentials, &all.Credentials},
	} {
		data, err := f.read(c.name)
		if err != nil {
			return nil, err
		}
		if *c.doc, err = config.Parse(c.name, data, c.dialect); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (f *files) read(name string) ([]byte, error) {
	// To open a pipe would wait for ever, and a device has no end.
	if target, err := filepath.EvalSymlinks(name); err == nil {
		if info, err := f.fsys.Lstat(target); err == nil && !info.Mode().IsRegular() {
			return nil, unfit(name, "is not a regular file")
		}
	}
	data, err := f.fsys.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case len(data) > config.MostBytes:
		return nil, unfit(name, fmt.Sprintf("is larger than %d MiB", config.MostBytes>>20))
	}
	return data, nil
}

// replacement is the document of a file, and what takes its place.
type replacement struct{ old, now *syntax.Document }

func (r replacement) isNone() bool { return bytes.Equal(r.old.Data, r.now.Data) }

// writeAll writes documents in this order, once it is known that all of them can be
// written: a disk that is read-only, or a link to nothing, is told before the first.
func (f *files) writeAll(all ...replacement) error {
	for _, r := range all {
		if err := f.check(r); err != nil {
			return err
		}
	}
	for _, r := range all {
		if err := f.write(r); err != nil {
			return err
		}
	}
	return nil
}

// check makes sure that a file, and its backup, can be written.
func (f *files) check(r replacement) error {
	if r.isNone() {
		return nil
	}
	target, _, err := f.target(r.now.Name)
	if err != nil {
		return err
	}
	for _, name := range []string{target, BackupOf(r.now.Name)} {
		if err := f.prepare(name); err != nil {
			return err
		}
		if err := durable.Writable(f.fsys, name); err != nil {
			return fmt.Errorf("writing %s, nothing was written: %w", r.now.Name, err)
		}
	}
	return nil
}

// write replaces the file of a document, unless it says that already.
func (f *files) write(r replacement) error {
	if r.isNone() {
		return nil
	}
	old, now := r.old, r.now
	target, mode, err := f.target(now.Name)
	if err != nil {
		return err
	}
	backup := BackupOf(now.Name)
	if err := f.prepare(target, backup); err != nil {
		return err
	}
	// Other programs write these files without our lock.
	current, err := f.read(now.Name)
	if err != nil {
		return err
	}
	if !bytes.Equal(current, old.Data) {
		return unwritable(now.Name, "was changed by another program meanwhile; try again")
	}
	change := Change{File: now.Name}
	if now.Name == f.paths.Config && len(old.Data) > 0 {
		if change.Original, err = f.keepOriginal(old); err != nil {
			return err
		}
	}
	if len(old.Data) > 0 {
		// Beside the link, not its target: that may be a folder that is published.
		change.Backup = backup
		if err := durable.WriteFile(f.fsys, backup, old.Data, 0o600); err != nil {
			return err
		}
	}
	if err := durable.WriteFile(f.fsys, target, now.Data, mode); err != nil {
		return err
	}
	f.changes = append(f.changes, change)
	return nil
}

// keepOriginal copies a document that was never copied before, and tells where to.
func (f *files) keepOriginal(old *syntax.Document) (string, error) {
	original := OriginalOf(old.Name)
	switch _, err := f.fsys.Lstat(original); {
	case err == nil:
		return "", nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	return original, durable.WriteFile(f.fsys, original, old.Data, 0o600)
}

// prepare makes the folders, and takes away what a killed edit left in them.
func (f *files) prepare(names ...string) error {
	for _, name := range names {
		if err := durable.MkdirAll(f.fsys, filepath.Dir(name), 0o700); err != nil {
			return err
		}
		if err := durable.CleanFile(f.fsys, name); err != nil {
			return err
		}
	}
	return nil
}

// target follows links to the file that is to be replaced.
func (f *files) target(name string) (string, fs.FileMode, error) {
	target, err := filepath.EvalSymlinks(name)
	if errors.Is(err, fs.ErrNotExist) {
		if info, err := f.fsys.Lstat(name); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return "", 0, unwritable(name, "is a link to a file that does not exist; make that file or remove the link")
		}
		return name, 0o600, nil
	}
	if err != nil {
		return "", 0, err
	}
	info, err := f.fsys.Lstat(target)
	if err != nil {
		return "", 0, err
	}
	if !info.Mode().IsRegular() {
		return "", 0, unfit(name, "is not a regular file")
	}
	return target, info.Mode().Perm(), nil
}
