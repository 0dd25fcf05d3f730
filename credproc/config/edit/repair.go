package edit

import (
	"context"
	"strings"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/config/syntax"
)

// Repair has every credential_process of AWS's config that calls an mfad call the
// editor's Program, for the profile that it asks for now. All else stays.
func (e *Editor) Repair(ctx context.Context) ([]Change, error) {
	return e.locked(ctx, func(t *transaction) error {
		before := t.old.Config
		for i := range before.Sections {
			if err := t.repairNext(e, i); err != nil {
				return err
			}
		}
		return t.write(replacement{before, t.old.Config})
	})
}

// repairNext has AWS's config, as it is to be, with one section more repaired. An
// edit of one line for one line moves no section.
func (t *transaction) repairNext(e *Editor, section int) error {
	doc := t.old.Config
	sec := doc.Sections[section]
	t.profile = sec.Name
	if sec.Kind != syntax.Profile || !config.ValidName(sec.Name) {
		return nil
	}
	change, any := newEdit(), false
	for _, s := range doc.SettingsOf(sec) {
		old := string(doc.Value(s))
		if strings.ToLower(string(doc.Key(s))) != config.KeyProcess || !config.CallsMfad(old) {
			continue
		}
		asked := config.AskedFor(old)
		if !config.ValidName(asked) {
			asked = sec.Name
		}
		process, err := e.process(asked)
		if err != nil {
			return err
		}
		if process == old {
			continue
		}
		line, err := Setting{config.KeyProcess, process}.format(t.profile)
		if err != nil {
			return err
		}
		change.dropLines(s.Line, s.Last)
		change.insert(s.Line, line)
		any = true
	}
	if !any {
		return nil
	}
	aws, err := t.edited(doc, change, syntax.Config)
	if err != nil {
		return err
	}
	t.old.Config = aws
	return nil
}
