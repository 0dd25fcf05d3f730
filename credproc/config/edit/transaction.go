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

// transaction is one edit, under the lock.
type transaction struct {
	fsys    durable.FS
	paths   config.Paths
	old     *config.Files
	profile string
	changes []Change
}

func (t *transaction) load() (*config.Files, error) {
	f := &config.Files{Getenv: judgedBy}
	for _, c := range []struct {
		name    string
		dialect syntax.Dialect
		doc     **syntax.Document
	}{
		{t.paths.Mfad, syntax.Config, &f.Mfad},
		{t.paths.Config, syntax.Config, &f.Config},
		{t.paths.Credentials, syntax.Credentials, &f.Credentials},
	} {
		data, err := t.read(c.name)
		if err != nil {
			return nil, err
		}
		if *c.doc, err = config.Parse(c.name, data, c.dialect); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (t *transaction) read(name string) ([]byte, error) {
	// To open a pipe would wait for ever, and a device has no end.
	if target, err := filepath.EvalSymlinks(name); err == nil {
		if info, err := t.fsys.Lstat(target); err == nil && !info.Mode().IsRegular() {
			return nil, unfit(name, "is not a regular file")
		}
	}
	data, err := t.fsys.ReadFile(name)
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

// edited parses what an edit makes of a document, and checks that it changed
// one profile alone.
func (t *transaction) edited(d *syntax.Document, e *edit, dialect syntax.Dialect) (*syntax.Document, error) {
	out, err := config.Parse(d.Name, e.apply(d), dialect)
	if err != nil {
		return nil, fmt.Errorf("editing profile %q: %w", t.profile, err)
	}
	if !sameBut(d, out, t.profile) {
		at := config.Origin{File: d.Name}
		return nil, t.conflict(at, config.ErrConflict, "cannot be edited: changing profile %q would change others", t.profile)
	}
	return out, nil
}

// resolves checks that the profile is one that mfad can serve, with these two
// files in the place of the old ones. Keys of the vault are taken for granted:
// the editor has no vault.
func (t *transaction) resolves(mfad, aws *syntax.Document) error {
	f := config.Files{Mfad: mfad, Config: aws, Credentials: t.old.Credentials, Getenv: judgedBy}
	_, err := f.Resolve(config.Query{Profile: t.profile, HasKey: func(string) bool { return true }})
	return err
}

// write replaces the file of a document, unless it says that already.
func (t *transaction) write(old, now *syntax.Document) error {
	if bytes.Equal(old.Data, now.Data) {
		return nil
	}
	target, mode, err := t.target(now.Name)
	if err != nil {
		return err
	}
	backup := BackupOf(now.Name)
	if err := t.prepare(target, backup); err != nil {
		return err
	}
	// Other programs write these files without our lock.
	current, err := t.read(now.Name)
	if err != nil {
		return err
	}
	if !bytes.Equal(current, old.Data) {
		return t.conflict(config.Origin{File: now.Name}, config.ErrConflict, "was changed by another program meanwhile; try again")
	}
	change := Change{File: now.Name}
	if now.Name == t.paths.Config && len(old.Data) > 0 {
		if change.Original, err = t.keepOriginal(old); err != nil {
			return err
		}
	}
	if len(old.Data) > 0 {
		// Beside the link, not its target: that may be a folder that is published.
		change.Backup = backup
		if err := durable.WriteFile(t.fsys, backup, old.Data, 0o600); err != nil {
			return err
		}
	}
	if err := durable.WriteFile(t.fsys, target, now.Data, mode); err != nil {
		return err
	}
	t.changes = append(t.changes, change)
	return nil
}

// keepOriginal copies a document that was never copied before, and tells where to.
func (t *transaction) keepOriginal(old *syntax.Document) (string, error) {
	original := OriginalOf(old.Name)
	switch _, err := t.fsys.Lstat(original); {
	case err == nil:
		return "", nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	return original, durable.WriteFile(t.fsys, original, old.Data, 0o600)
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
			return "", 0, t.conflict(config.Origin{File: name}, config.ErrConflict,
				"is a link to a file that does not exist; make that file or remove the link")
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
		return "", 0, unfit(name, "is not a regular file")
	}
	return target, info.Mode().Perm(), nil
}

// alone refuses a profile that a file has under a header of another form, such
// as [profile "q"]: a second section would hide the first from some of AWS's
// tools.
func alone(f *config.Files, profile string) error {
	for _, d := range []*syntax.Document{f.Mfad, f.Config, f.Credentials} {
		if sec, ok := d.Beside(profile); ok {
			text := fmt.Sprintf("profile %q stands there in quotes, and some of AWS's tools would lose one of the two; write %s there",
				profile, headerLine(profile))
			return &Conflict{config.OriginOf(d, sec.Line), text, profile, config.ErrConflict}
		}
	}
	return nil
}

// only is the one section of the profile that counts in a document, if any.
func (t *transaction) only(d *syntax.Document) (syntax.Section, bool, error) {
	sections := d.Effective(t.profile)
	switch len(sections) {
	case 0:
		return syntax.Section{}, false, nil
	case 1:
		return sections[0], true, nil
	}
	return syntax.Section{}, false, t.conflict(config.OriginOf(d, sections[1].Line), config.ErrConflict,
		"profile %q is declared a second time, after line %d; make them one", t.profile, sections[0].Line)
}
