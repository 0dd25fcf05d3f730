package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mfad/mfad/keystore/durable"
)

// Editor changes the person's files: mfad's profiles and AWS's two. What an
// edit does not name stays as it is, to the byte. A new text is parsed and its
// profile resolved before anything is written; the old one is kept beside the
// file as NAME.mfad-backup, mode 0600; a link is followed and its target
// replaced in one step, with its mode.
//
// An edit that needs two files writes them in the order in which the profile
// keeps working, or keeps its old state, if it is cut off between them; the
// same edit again completes it. Edits of several processes wait for each other.
//
// Errors wrap ErrBadName, ErrBadConfig, ErrNoProfile, ErrConflict, or those of
// the file system.
type Editor struct {
	Paths Paths
	FS    durable.FS // nil: durable.OS
	// Program is mfad's own absolute path, as credential_process shall name it.
	Program string
}

// Change is a file that an edit replaced. Backup is empty for a new file; the
// backup of AWS's credentials holds the keys that were in it.
type Change struct{ File, Backup string }

// Setting is one line KEY = VALUE.
type Setting struct{ Key, Value string }

// backupSuffix follows the name of a file; there is one backup, of the state
// before the last edit.
const backupSuffix = ".mfad-backup"

// transaction is one edit, under the lock.
type transaction struct {
	fsys    durable.FS
	paths   Paths
	old     *files
	profile string
	changes []Change
}

// edit runs act under the lock, with the files as they are now.
func (e *Editor) edit(ctx context.Context, profile string, act func(*transaction) error) ([]Change, error) {
	if err := checkName(profile); err != nil {
		return nil, err
	}
	t := &transaction{fsys: e.FS, paths: e.Paths, profile: profile}
	if t.fsys == nil {
		t.fsys = durable.OS
	}
	if err := makeDir(t.fsys, filepath.Dir(e.Paths.Mfad)); err != nil {
		return nil, err
	}
	lock, err := durable.AwaitLock(ctx, e.Paths.Mfad+".lock")
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	if t.old, err = t.load(); err != nil {
		return nil, err
	}
	err = act(t)
	return t.changes, err
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

// editorEnv stands for the environment of an agent that is not here: enough of
// it that a profile is judged by the files alone.
func editorEnv(name string) string {
	switch name {
	case "HOME":
		return string(filepath.Separator)
	case "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY":
		return "-"
	}
	return ""
}

func (t *transaction) read(name string) ([]byte, error) {
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
	backup := now.name + backupSuffix
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
		if err := makeDir(t.fsys, filepath.Dir(name)); err != nil {
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

// makeDir makes a folder of ours, mode 0700, that survives a power cut.
func makeDir(fsys durable.FS, dir string) error {
	var missing []string
	for at := dir; ; at = filepath.Dir(at) {
		_, err := fsys.Lstat(at)
		if err == nil || at == filepath.Dir(at) {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		missing = append(missing, at)
	}
	if len(missing) == 0 {
		return nil
	}
	if err := fsys.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, made := range slices.Backward(missing) {
		if err := fsys.SyncDir(filepath.Dir(made)); err != nil {
			return err
		}
	}
	return nil
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

// process is the line by which AWS's tools ask mfad for the profile.
func (e *Editor) process(profile string) (string, error) {
	line := fmt.Sprintf("%s %s --profile %s", quoteWord(e.Program), credentialsVerb, profile)
	switch {
	case !filepath.IsAbs(e.Program) || !isPlain(e.Program):
		return "", fmt.Errorf("credential_process needs the absolute path of mfad, and %q is not", e.Program)
	case !callsMfad(line):
		return "", fmt.Errorf("credential_process needs a program named %s, and %q is not; rename or link it", programName, e.Program)
	}
	return line, nil
}

// format is the setting as a line; it refuses what would not be read back.
func (s Setting) format(profile string) (string, error) {
	line := s.Key + " = " + s.Value
	if !isPlain(line) {
		return "", fmt.Errorf("%s of profile %q: %w: it has control characters", s.Key, profile, ErrBadConfig)
	}
	doc, err := parse("", []byte("[default]\n"+line), configFile)
	if err == nil && len(doc.settings) == 1 && string(doc.key(doc.settings[0])) == s.Key && string(doc.value(doc.settings[0])) == s.Value && s.Value != "" {
		return line, nil
	}
	return "", fmt.Errorf("%s of profile %q: %w: the file format cannot hold %q; leave out blanks at the ends, and # or ; after a blank", s.Key, profile, ErrBadConfig, s.Value)
}

// formatAll formats settings, in order.
func formatAll(profile string, settings []Setting) ([]string, error) {
	var lines []string
	for _, s := range settings {
		line, err := s.format(profile)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// header is the section's first line; AWS's older tools know [default] alone.
func header(profile string) string {
	if profile == "default" {
		return "[default]"
	}
	return "[profile " + profile + "]"
}

// The marks stand in the first line below a header that mfad wrote.
const (
	addedMark   = "# added by mfad"
	adoptedMark = "# adopted by mfad: lines"
)

func isMark(line string) bool {
	return strings.HasPrefix(line, addedMark) || strings.HasPrefix(line, adoptedMark)
}
