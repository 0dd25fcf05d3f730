package edit

import (
	"fmt"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/config/syntax"
)

// transaction is one edit, under the lock.
type transaction struct {
	files
	old     *config.Files
	profile string
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
