package edit

import (
	"context"
	"strings"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/config/syntax"
)

// Remove takes a profile that Add wrote out of AWS's config and then out of
// mfad's file. Of a section of AWS's config that was there before, only
// mfad's credential_process goes.
func (e *Editor) Remove(ctx context.Context, profile string) ([]Change, error) {
	return e.edit(ctx, profile, func(t *transaction) error {
		mfad, aws := newEdit(), newEdit()
		own := t.dropOwn(mfad)
		if sec, ok, _ := t.only(t.old.Mfad); ok && t.adopted(sec) {
			return t.conflict(config.OriginOf(t.old.Mfad, sec.Line), ErrAdopted, "profile %q was adopted", profile)
		}
		if served := t.dropServed(aws); !own && !served {
			return t.missing(t.paths.Mfad)
		}
		newMfad, newAWS, err := t.both(mfad, aws)
		if err != nil {
			return err
		}
		before := *t.old
		t.old.Mfad, t.old.Config = newMfad, newAWS
		return t.writeBack(before)
	})
}

// both parses what the edits make of mfad's file and AWS's config.
func (t *transaction) both(mfad, aws *edit) (newMfad, newAWS *syntax.Document, err error) {
	if newAWS, err = t.edited(t.old.Config, aws, syntax.Config); err != nil {
		return nil, nil, err
	}
	newMfad, err = t.edited(t.old.Mfad, mfad, syntax.Config)
	return newMfad, newAWS, err
}

// writeBack writes AWS's config and then mfad's file: what AWS's tools find is
// gone before what it needs.
func (t *transaction) writeBack(before config.Files) error {
	return t.writeAll(replacement{before.Config, t.old.Config}, replacement{before.Mfad, t.old.Mfad})
}

// dropOwn takes every section of the profile out of mfad's file.
func (t *transaction) dropOwn(e *edit) bool {
	doc, any := t.old.Mfad, false
	for i := doc.Find(syntax.Profile, t.profile); i >= 0; i = doc.Following(i) {
		e.dropSection(doc, doc.Sections[i])
		any = true
	}
	if lines := doc.Lines(); any && trimEnding(lines[0]) == ownTitle && e.leavesOnly(doc, 1) {
		e.dropLines(1, int32(len(lines)))
	}
	return any
}

// dropServed takes mfad's credential_process out of AWS's config, and the
// section with it if mfad made it and nobody put more into it.
func (t *transaction) dropServed(e *edit) bool {
	doc, any := t.old.Config, false
	for _, sec := range doc.Effective(t.profile) {
		body := doc.Body(sec)
		ours := len(body) > 0 && strings.HasPrefix(body[0], addedMark)
		for _, s := range doc.SettingsOf(sec) {
			switch key := strings.ToLower(string(doc.Key(s))); {
			case key == config.KeyProcess && config.CallsMfad(string(doc.Value(s))):
				e.dropLines(s.Line, s.Last)
				any = true
			case key != config.KeyRegion && key != config.KeyOutput:
				ours = false
			}
		}
		switch marked := len(body) > 0 && isMark(body[0]); {
		case ours:
			e.dropSection(doc, sec)
			any = true
		case marked: // what somebody put there stays; that mfad made the section is over
			e.dropLines(sec.Line+1, sec.Line+1)
		}
	}
	return any
}
