package edit

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/config/syntax"
	"github.com/mfad/mfad/internal/errcode"
)

// Adopt moves who profiles of AWS's config are into mfad's file, their lines as
// they are, and leaves a credential_process in their place; region, output,
// mfa_serial and all else stay where they are. It refuses a profile with keys
// in a file, and one that mfad could not serve; then none is adopted. Of a profile
// that is adopted already it changes nothing.
func (e *Editor) Adopt(ctx context.Context, profiles ...string) ([]Change, error) {
	for _, profile := range profiles {
		if err := config.CheckName(profile); err != nil {
			return nil, err
		}
	}
	return e.locked(ctx, func(t *transaction) error {
		before := *t.old
		for _, profile := range profiles {
			if err := t.adoptNext(e, profile); err != nil {
				return errcode.With(err, "profile", profile)
			}
		}
		return t.writeAdopted(before)
	})
}

// Adoption is what AdoptAll did.
type Adoption struct {
	Changes []Change
	Adopted []string
	Left    []error // why others that say who they are were not
}

// AdoptAll adopts every profile of AWS's config that says who it is and that mfad
// can serve. What it leaves as it is, it tells.
func (e *Editor) AdoptAll(ctx context.Context) (Adoption, error) {
	var a Adoption
	changes, err := e.locked(ctx, func(t *transaction) error {
		before := *t.old
		for _, profile := range candidates(t.old) {
			if err := t.adoptNext(e, profile); err != nil {
				a.Left = append(a.Left, err)
				continue
			}
			a.Adopted = append(a.Adopted, profile)
		}
		return t.writeAdopted(before)
	})
	a.Changes = changes
	return a, err
}

// candidates are the profiles of AWS's files with lines that say who they are,
// those included that no edit can move: under a name that mfad does not write, of
// the credentials file, or of a kind that mfad does not serve.
func candidates(f *config.Files) (names []string) {
	for _, doc := range []*syntax.Document{f.Config, f.Credentials} {
		for _, sec := range doc.Sections {
			header := sec.Header
			if sec.Alias != (syntax.Header{}) {
				header = sec.Alias
			}
			if header.Kind == syntax.Profile && !slices.Contains(names, header.Name) && saysWho(f, doc, sec) {
				names = append(names, header.Name)
			}
		}
	}
	return names
}

// saysWho says that a section names a role or a source, be it one that mfad does
// not serve.
func saysWho(f *config.Files, doc *syntax.Document, sec syntax.Section) bool {
	if len(movable(doc, sec)) > 0 {
		return true
	}
	p, known := f.Profile(sec.Name)
	return known && p.Unserved() != nil
}

// adoptNext has the files, as they are to be, with one profile more adopted.
func (t *transaction) adoptNext(e *Editor, profile string) error {
	if err := config.CheckName(profile); err != nil {
		return err
	}
	t.profile = profile
	process, err := e.process(profile)
	if err != nil {
		return err
	}
	if err := alone(t.old, profile); err != nil {
		return err
	}
	sec, found, err := t.only(t.old.Config)
	if err != nil {
		return err
	}
	if err := t.outsideCredentials(); err != nil {
		return err
	}
	if !found {
		return t.missing(t.paths.Config)
	}
	moved := movable(t.old.Config, sec)
	if len(moved) == 0 {
		return t.nothingToAdopt(sec)
	}
	if err := t.adoptable(); err != nil {
		return err
	}
	mfad, aws, err := t.adopt(sec, moved, process)
	if err != nil {
		return err
	}
	if err := t.resolves(mfad, aws); err != nil {
		return err
	}
	t.old.Mfad, t.old.Config = mfad, aws
	return nil
}

// writeAdopted writes mfad's file before AWS's config: what AWS's tools come to ask
// for is there when they find that they shall.
func (t *transaction) writeAdopted(before config.Files) error {
	return t.writeAll(replacement{before.Mfad, t.old.Mfad}, replacement{before.Config, t.old.Config})
}

// movable are the lines of a section that say who the profile is.
func movable(doc *syntax.Document, sec syntax.Section) (lines []int32) {
	for _, s := range doc.SettingsOf(sec) {
		key := strings.ToLower(string(doc.Key(s)))
		if !slices.Contains(config.IdentityKeys(), key) || key == config.KeyProcess && config.CallsMfad(string(doc.Value(s))) {
			continue
		}
		for line := s.Line; line <= s.Last; line++ {
			lines = append(lines, line)
		}
	}
	return lines
}

func (t *transaction) nothingToAdopt(sec syntax.Section) error {
	p, _ := t.old.Profile(t.profile)
	if _, served := p.Served(); served && p.Own() {
		return nil
	}
	if err := p.Unserved(); err != nil {
		return err
	}
	return t.conflict(config.OriginOf(t.old.Config, sec.Line), ErrNothingToAdopt,
		"profile %q says nothing of a role or a source", t.profile)
}

// adoptable refuses what mfad could not serve, or AWS's tools would not ask
// mfad for.
func (t *transaction) adoptable() error {
	p, _ := t.old.Profile(t.profile)
	if err := t.noKeys(p); err != nil {
		return err
	}
	return t.resolves(t.old.Mfad, t.old.Config)
}

// outsideCredentials refuses a profile of which AWS's credentials file says who it
// is: AWS's tools look there first, and no edit moves a line out of it.
func (t *transaction) outsideCredentials() error {
	p, _ := t.old.Profile(t.profile)
	for _, key := range config.IdentityKeys() {
		v, ok := p.InCredentials(key)
		if ok && !(key == config.KeyProcess && config.CallsMfad(v.Text)) {
			return t.conflict(v.Origin, ErrInCredentials, "profile %q has %s there, where AWS's tools look first; "+
				"move its lines, but for keys, below %s in %s", t.profile, key, headerLine(t.profile), t.paths.Config)
		}
	}
	return nil
}

// adopt makes both files anew.
func (t *transaction) adopt(sec syntax.Section, moved []int32, process string) (mfad, aws *syntax.Document, err error) {
	line, err := Setting{config.KeyProcess, process}.format(t.profile)
	if err != nil {
		return nil, nil, err
	}
	if mfad, err = t.adoptOwn(sec, moved); err != nil {
		return nil, nil, err
	}
	change := newEdit()
	for _, n := range moved {
		change.drop[n] = true
	}
	change.dropKeys(t.old.Config, sec, config.KeyProcess)
	change.insert(sec.Line+1, line)
	aws, err = t.edited(t.old.Config, change, syntax.Config)
	return mfad, aws, err
}

// adoptOwn is mfad's file with the lines, below a mark that says where they
// stood in their section.
func (t *transaction) adoptOwn(sec syntax.Section, moved []int32) (*syntax.Document, error) {
	all := t.old.Config.Lines()
	places := make([]string, len(moved))
	lines := make([]string, len(moved)+1)
	for i, n := range moved {
		places[i] = strconv.Itoa(int(n - sec.Line))
		lines[i+1] = all[n-1]
	}
	lines[0] = fmt.Sprintf("%s %s of its section; `mfad profile release %s` puts them back",
		adoptedMark, strings.Join(places, " "), t.profile)
	doc := t.old.Mfad
	old, exists, err := t.only(doc)
	if err != nil {
		return nil, err
	}
	if exists {
		same := func(a, b string) bool { return trimEnding(a) == trimEnding(b) }
		if body := doc.Body(old); len(body) >= len(lines) && slices.EqualFunc(body[:len(lines)], lines, same) {
			return doc, nil // cut off between the files, last time
		}
		return nil, t.exists(old)
	}
	change := newEdit()
	t.appendOwn(change, lines...)
	return t.edited(doc, change, syntax.Config)
}

// exists is the conflict of a section that mfad's file has: what Adopt wrote is
// given back, all else is taken away.
func (t *transaction) exists(sec syntax.Section) error {
	at := config.OriginOf(t.old.Mfad, sec.Line)
	if t.adopted(sec) {
		return t.conflict(at, ErrAdopted, "profile %q exists, and was adopted", t.profile)
	}
	return t.conflict(at, ErrExists, "profile %q exists", t.profile)
}

// adopted says that Adopt wrote the section of mfad's file.
func (t *transaction) adopted(sec syntax.Section) bool {
	body := t.old.Mfad.Body(sec)
	return len(body) > 0 && strings.HasPrefix(body[0], adoptedMark)
}
