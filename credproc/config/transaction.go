package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/mfad/mfad/internal/durable"
)

// transaction is one edit, under the lock.
type transaction struct {
	fsys    durable.FS
	paths   Paths
	old     *files
	profile string
	changes []Change
}

func (t *transaction) load() (*files, error) {
	f := &files{getenv: editorEnv}
	for _, c := range []struct {
		name    string
		dialect dialect
		doc     **document
	}{{t.paths.Mfad, configFile, &f.mfad}, {t.paths.Config, configFile, &f.config}, {t.paths.Credentials, credentialsFile, &f.credentials}} {
		data, err := t.read(c.name)
		if err != nil {
			return nil, err
		}
		if *c.doc, err = parse(c.name, data, c.dialect); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (t *transaction) read(name string) ([]byte, error) {
	// To open a pipe would wait for ever, and a device has no end.
	if target, err := filepath.EvalSymlinks(name); err == nil {
		if info, err := t.fsys.Lstat(target); err == nil && !info.Mode().IsRegular() {
			return nil, &Error{Origin{File: name}, "is not a regular file", ErrBadConfig}
		}
	}
	data, err := t.fsys.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case len(data) > mostBytes:
		return nil, &Error{Origin{File: name}, fmt.Sprintf("is larger than %d MiB", mostBytes>>20), ErrBadConfig}
	}
	return data, nil
}

// edited parses what an edit makes of a document, and checks that it changed
// one profile alone.
func (t *transaction) edited(d *document, e *edit, dia dialect) (*document, error) {
	out, err := parse(d.name, d.apply(e), dia)
	if err != nil {
		return nil, fmt.Errorf("editing profile %q: %w", t.profile, err)
	}
	if !sameBut(d, out, t.profile) {
		return nil, &Error{Origin{File: d.name}, fmt.Sprintf("cannot be edited: changing profile %q would change others", t.profile), ErrConflict}
	}
	return out, nil
}

// resolves checks that the profile is one that mfad can serve. Keys of the
// vault are taken for granted: the editor has no vault.
func (t *transaction) resolves(f files) error {
	f.getenv = editorEnv
	_, err := f.resolve(Query{Profile: t.profile, HasKey: func(string) bool { return true }})
	return err
}

// write replaces the file of a document, unless it says that already.
func (t *transaction) write(old, now *document) error {
	if bytes.Equal(old.data, now.data) {
		return nil
	}
	target, mode, err := t.target(now.name)
	if err != nil {
		return err
	}
	backup := BackupOf(now.name)
	if err := t.prepare(target, backup); err != nil {
		return err
	}
	// Other programs write these files without our lock.
	current, err := t.read(now.name)
	if err != nil {
		return err
	}
	if !bytes.Equal(current, old.data) {
		return &Error{Origin{File: now.name}, "was changed by another program meanwhile; try again", ErrConflict}
	}
	change := Change{File: now.name}
	if len(old.data) > 0 {
		// Beside the link, not its target: that may be a folder that is published.
		change.Backup = backup
		if err := durable.WriteFile(t.fsys, backup, old.data, 0o600); err != nil {
			return err
		}
	}
	if err := durable.WriteFile(t.fsys, target, now.data, mode); err != nil {
		return err
	}
	t.changes = append(t.changes, change)
	return nil
}

// prepare makes the folders, and takes away what a killed edit left in them.
func (t *transaction) prepare(names ...string) error {
	for _, name := range names {
		if err := durable.MkdirAll(t.fsys, filepath.Dir(name), 0o700); err != nil {
			return err
		}
		if err := durable.CleanFile(t.fsys, name); err != nil {
			return err
		}
	}
	return nil
}

// target follows links to the file that is to be replaced.
func (t *transaction) target(name string) (string, fs.FileMode, error) {
	target, err := filepath.EvalSymlinks(name)
	if errors.Is(err, fs.ErrNotExist) {
		if info, err := t.fsys.Lstat(name); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return "", 0, &Error{Origin{File: name}, "is a link to a file that does not exist; make that file or remove the link", ErrConflict}
		}
		return name, 0o600, nil
	}
	if err != nil {
		return "", 0, err
	}
	info, err := t.fsys.Lstat(target)
	if err != nil {
		return "", 0, err
	}
	if !info.Mode().IsRegular() {
		return "", 0, &Error{Origin{File: name}, "is not a regular file", ErrBadConfig}
	}
	return target, info.Mode().Perm(), nil
}

// conflict is the error of a place that an edit must not touch.
func conflict(at Origin, format string, args ...any) error {
	return &Error{at, fmt.Sprintf(format, args...), ErrConflict}
}

// only is the one section of the profile that counts in a document, if any.
func (t *transaction) only(d *document) (section, bool, error) {
	sections := d.effective(t.profile)
	switch len(sections) {
	case 0:
		return section{}, false, nil
	case 1:
		return sections[0], true, nil
	}
	return section{}, false, conflict(d.at(sections[1].line), "profile %q is declared a second time, after line %d; make them one", t.profile, sections[0].line)
}
