package config

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Adopt moves who a profile of AWS's config is into mfad's file, its lines as
// they are, and leaves a credential_process in their place; region, output,
// mfa_serial and all else stay where they are. It refuses a profile with keys
// in a file, and one that mfad could not serve. Of a profile that is adopted
// already it changes nothing.
func (e *Editor) Adopt(ctx context.Context, profile string) ([]Change, error) {
	return e.edit(ctx, profile, func(t *transaction) error {
		process, err := e.process(profile)
		if err != nil {
			return err
		}
		sec, found, err := t.only(t.old.config)
		if err != nil {
			return err
		}
		if !found {
			return &Error{Origin{File: t.paths.Config}, fmt.Sprintf("has no profile %q", profile), ErrNoProfile}
		}
		moved := t.movable(sec)
		if len(moved) == 0 {
			return t.nothingToAdopt(sec)
		}
		if err := t.adoptable(); err != nil {
			return err
		}
		mfad, config, err := t.adopt(sec, moved, process)
		if err != nil {
			return err
		}
		if err := t.resolves(files{mfad: mfad, config: config, credentials: t.old.credentials}); err != nil {
			return err
		}
		if err := t.write(t.old.mfad, mfad); err != nil {
			return err
		}
		return t.write(t.old.config, config)
	})
}

// movable are the lines of AWS's config that say who the profile is.
func (t *transaction) movable(sec section) (lines []int32) {
	doc := t.old.config
	for _, s := range doc.own(sec) {
		key := strings.ToLower(string(doc.key(s)))
		if !slices.Contains(roleKeys, key) || key == KeyProcess && callsMfad(string(doc.value(s))) {
			continue
		}
		for line := s.line; line <= s.last; line++ {
			lines = append(lines, line)
		}
	}
	return lines
}

func (t *transaction) nothingToAdopt(sec section) error {
	p, _ := t.old.profile(t.profile)
	if _, served := p.served(); served && p.own {
		return nil
	}
	return conflict(t.old.config.at(sec.line), "profile %q says nothing of a role or a source; `mfad profile add %s` makes it one of mfad's", t.profile, t.profile)
}

// adoptable refuses what mfad could not serve, or AWS's tools would not ask
// mfad for.
func (t *transaction) adoptable() error {
	p, _ := t.old.profile(t.profile)
	if err := t.noKeys(p); err != nil {
		return err
	}
	for _, key := range roleKeys {
		if _, at, ok := find(p.layers[1:2], key); ok {
			return conflict(at, "profile %q has %s there, where AWS's tools look first; move it into %s", t.profile, key, t.paths.Config)
		}
	}
	return t.resolves(*t.old)
}

// adopt makes both files anew.
func (t *transaction) adopt(sec section, moved []int32, process string) (mfad, config *document, err error) {
	line, err := Setting{KeyProcess, process}.format(t.profile)
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
	t.old.config.dropKeys(change, sec, KeyProcess)
	change.insert(sec.line+1, line)
	config, err = t.edited(t.old.config, change, configFile)
	return mfad, config, err
}

// adoptOwn is mfad's file with the lines, below a mark that says where they
// stood in their section.
func (t *transaction) adoptOwn(sec section, moved []int32) (*document, error) {
	all := t.old.config.lines()
	places := make([]string, len(moved))
	lines := make([]string, len(moved)+1)
	for i, n := range moved {
		places[i] = strconv.Itoa(int(n - sec.line))
		lines[i+1] = all[n-1]
	}
	lines[0] = fmt.Sprintf("%s %s of its section; `mfad profile release %s` puts them back", adoptedMark, strings.Join(places, " "), t.profile)
	doc := t.old.mfad
	old, exists, err := t.only(doc)
	if err != nil {
		return nil, err
	}
	if exists {
		same := func(a, b string) bool { return trimEnding(a) == trimEnding(b) }
		if body := doc.body(old); len(body) >= len(lines) && slices.EqualFunc(body[:len(lines)], lines, same) {
			return doc, nil // cut off between the files, last time
		}
		return nil, conflict(doc.at(old.line), "profile %q exists; `mfad profile remove %s` takes it away", t.profile, t.profile)
	}
	change := newEdit()
	t.appendOwn(change, lines...)
	return t.edited(doc, change, configFile)
}

// adopted says that Adopt wrote the section of mfad's file.
func (t *transaction) adopted(sec section) bool {
	body := t.old.mfad.body(sec)
	return len(body) > 0 && strings.HasPrefix(body[0], adoptedMark)
}

// Release undoes Adopt: the lines go back to where they stood, with what was
// changed in them since, and mfad's credential_process and section go. Of a
// profile that is released already it changes nothing.
func (e *Editor) Release(ctx context.Context, profile string) ([]Change, error) {
	return e.edit(ctx, profile, func(t *transaction) error {
		own, found, err := t.only(t.old.mfad)
		if err != nil {
			return err
		}
		p, known := t.old.profile(profile)
		_, served := p.served()
		switch {
		case !found && known && !served:
			return nil
		case !found:
			return &Error{Origin{File: t.paths.Mfad}, fmt.Sprintf("has no profile %q", profile), ErrNoProfile}
		case !t.adopted(own):
			return conflict(t.old.mfad.at(own.line), "profile %q was not adopted; `mfad profile remove %s` takes it away", profile, profile)
		}
		mfad, config, err := t.release(own)
		if err != nil {
			return err
		}
		return t.writeBack(mfad, config)
	})
}

// release makes both files anew.
func (t *transaction) release(own section) (newMfad, newConfig *document, err error) {
	lines, places := t.ownLines(own)
	mfad, config := newEdit(), newEdit()
	t.dropOwn(mfad)
	sec, found, err := t.only(t.old.config)
	switch {
	case err != nil:
		return nil, nil, err
	case !found:
		t.old.config.appendSection(config, append([]string{header(t.profile)}, lines...)...)
	case len(t.movable(sec)) > 0:
		if err := t.restored(sec, own); err != nil {
			return nil, nil, err
		}
	default:
		t.dropServed(config)
		t.restore(config, sec, lines, places)
	}
	return t.both(mfad, config)
}

// ownLines are the adopted lines, as they are now, and where they stood.
func (t *transaction) ownLines(own section) (lines []string, places []int32) {
	doc := t.old.mfad
	body := doc.body(own)
	rest, _, _ := strings.Cut(strings.TrimPrefix(body[0], adoptedMark), " of ")
	for field := range strings.FieldsSeq(rest) {
		if n, err := strconv.ParseInt(field, 10, 32); err == nil {
			places = append(places, int32(n))
		}
	}
	return body[1:max(1, doc.lastSetting(own)-own.line)], places
}

// restored accepts a section of AWS's config that has the settings back, since
// a release was cut off between the files.
func (t *transaction) restored(sec, own section) error {
	config, mfad := t.old.config, t.old.mfad
	for _, s := range mfad.own(own) {
		back, ok := config.lookup(config.find(profileSection, t.profile), strings.ToLower(string(mfad.key(s))))
		if !ok || string(config.value(back)) != string(mfad.value(s)) {
			return conflict(config.at(sec.line), "profile %q says again who it is, and other than %s:%d; take one of them out", t.profile, mfad.name, own.line)
		}
	}
	return nil
}

// restore puts the adopted lines among those that stayed. Lines that have no
// place of their own come after the last setting.
func (t *transaction) restore(e *edit, sec section, lines []string, places []int32) {
	doc := t.old.config
	continued := map[int32]bool{}
	for _, s := range doc.own(sec) {
		for n := s.line + 1; n <= s.last; n++ {
			continued[n] = true
		}
	}
	place := int32(1)
	for n := sec.line + 1; n <= sec.last+1; n++ {
		for len(lines) > 0 && len(places) > 0 && places[0] <= place && !continued[n] {
			e.insert(n, lines[0])
			lines, places = lines[1:], places[1:]
			place++
		}
		if !e.drop[n] {
			place++
		}
	}
	e.insert(doc.lastSetting(sec)+1, lines...)
}
