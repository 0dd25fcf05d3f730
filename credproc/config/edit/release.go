package edit

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/config/syntax"
	"github.com/mfad/mfad/internal/errcode"
)

// Release undoes Adopt: the lines go back to where they stood, with what was
// changed in them since, and mfad's credential_process and section go. It refuses a
// profile that was not adopted; then none is released. Of a profile that is released
// already it changes nothing.
func (e *Editor) Release(ctx context.Context, profiles ...string) ([]Change, error) {
	for _, profile := range profiles {
		if err := config.CheckName(profile); err != nil {
			return nil, err
		}
	}
	return e.locked(ctx, func(t *transaction) error { return t.releaseEach(profiles) })
}

// ReleaseAll releases every profile that was adopted, or none, and tells which.
func (e *Editor) ReleaseAll(ctx context.Context) (changes []Change, released []string, err error) {
	changes, err = e.locked(ctx, func(t *transaction) error {
		for _, sec := range t.old.Mfad.Sections {
			if t.adopted(sec) && !slices.Contains(released, sec.Name) {
				released = append(released, sec.Name)
			}
		}
		return t.releaseEach(released)
	})
	return changes, released, err
}

// releaseEach releases profiles, all or none.
func (t *transaction) releaseEach(profiles []string) error {
	before := *t.old
	for _, profile := range profiles {
		t.profile = profile
		if err := t.releaseNext(); err != nil {
			return errcode.With(err, "profile", profile)
		}
	}
	return t.writeBack(before)
}

// releaseNext has the files, as they are to be, with one profile more released.
func (t *transaction) releaseNext() error {
	own, found, err := t.only(t.old.Mfad)
	if err != nil {
		return err
	}
	p, known := t.old.Profile(t.profile)
	_, served := p.Served()
	switch {
	case !found && known && !served:
		return nil
	case !found:
		return t.missing(t.paths.Mfad)
	case !t.adopted(own):
		return t.conflict(config.OriginOf(t.old.Mfad, own.Line), ErrNotAdopted, "profile %q was not adopted", t.profile)
	}
	mfad, aws, err := t.release(own)
	if err != nil {
		return err
	}
	t.old.Mfad, t.old.Config = mfad, aws
	return nil
}

// release makes both files anew.
func (t *transaction) release(own syntax.Section) (newMfad, newAWS *syntax.Document, err error) {
	back := ownLines(t.old.Mfad, own)
	mfad, aws := newEdit(), newEdit()
	t.dropOwn(mfad)
	sec, found, err := t.only(t.old.Config)
	switch {
	case err != nil:
		return nil, nil, err
	case !found:
		aws.appendSection(t.old.Config, append([]string{headerLine(t.profile)}, back.lines...)...)
	case len(movable(t.old.Config, sec)) > 0:
		if err := t.restored(sec, own); err != nil {
			return nil, nil, err
		}
	default:
		t.dropServed(aws)
		t.restore(aws, sec, back)
	}
	return t.both(mfad, aws)
}

// adoptedLines are lines that were adopted, as they are now, and where in their
// section they stood, counted from its header.
type adoptedLines struct {
	lines   []string
	stoodAt []int32
}

func ownLines(doc *syntax.Document, own syntax.Section) (a adoptedLines) {
	body := doc.Body(own)
	rest, _, _ := strings.Cut(strings.TrimPrefix(body[0], adoptedMark), " of ")
	for field := range strings.FieldsSeq(rest) {
		if n, err := strconv.ParseInt(field, 10, 32); err == nil {
			a.stoodAt = append(a.stoodAt, int32(n))
		}
	}
	a.lines = body[1:max(1, doc.LastSetting(own)-own.Line)]
	return a
}

// restored accepts a section of AWS's config that has the settings back, since
// a release was cut off between the files.
func (t *transaction) restored(sec, own syntax.Section) error {
	aws, mfad := t.old.Config, t.old.Mfad
	for _, s := range mfad.SettingsOf(own) {
		back, ok := aws.Lookup(aws.Find(syntax.Profile, t.profile), strings.ToLower(string(mfad.Key(s))))
		if !ok || string(aws.Value(back)) != string(mfad.Value(s)) {
			return t.conflict(config.OriginOf(aws, sec.Line), config.ErrConflict,
				"profile %q says again who it is, and other than %s:%d; take one of them out", t.profile, mfad.Name, own.Line)
		}
	}
	return nil
}

// restore puts the adopted lines among those that stayed. Lines of which nobody
// knows where they stood come after the last setting.
func (t *transaction) restore(e *edit, sec syntax.Section, back adoptedLines) {
	lines, stoodAt := back.lines, back.stoodAt
	doc := t.old.Config
	continued := map[int32]bool{}
	for _, s := range doc.SettingsOf(sec) {
		for n := s.Line + 1; n <= s.Last; n++ {
			continued[n] = true
		}
	}
	at := int32(1)
	for n := sec.Line + 1; n <= sec.Last+1; n++ {
		for len(lines) > 0 && len(stoodAt) > 0 && stoodAt[0] <= at && !continued[n] {
			e.insert(n, lines[0])
			lines, stoodAt = lines[1:], stoodAt[1:]
			at++
		}
		if !e.drop[n] {
			at++
		}
	}
	e.insert(doc.LastSetting(sec)+1, lines...)
}
