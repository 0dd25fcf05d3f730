package config

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// NewProfile is a profile to add.
type NewProfile struct {
	Name string
	// Settings are written into mfad's file, in this order. A policy may have
	// several lines.
	Settings []Setting
	// Region and Output, if not empty, are written into AWS's config.
	Region, Output string
}

// Add writes a profile into mfad's file, and a credential_process into AWS's
// config by which AWS's tools find it. It overwrites nothing: the same again
// is no change, anything else under that name wraps ErrConflict.
func (e *Editor) Add(ctx context.Context, p NewProfile) ([]Change, error) {
	return e.edit(ctx, p.Name, func(t *transaction) error {
		process, err := e.process(p.Name)
		if err != nil {
			return err
		}
		if err := t.vacant(); err != nil {
			return err
		}
		mfad, err := t.addOwn(p)
		if err != nil {
			return err
		}
		config, err := t.addServed(p, process)
		if err != nil {
			return err
		}
		if err := t.resolves(files{mfad: mfad, config: config, credentials: t.old.credentials}); err != nil {
			return unwritten(err, t.old.mfad)
		}
		if err := t.write(t.old.mfad, mfad); err != nil {
			return err
		}
		return t.write(t.old.config, config)
	})
}

// unwritten takes the place away from a fault of the lines that were to follow
// the old ones: no file has them.
func unwritten(err error, old *document) error {
	last := bytes.Count(old.data, []byte("\n"))
	if len(old.data) > 0 && !bytes.HasSuffix(old.data, []byte("\n")) {
		last++
	}
	var fault *Error
	if !errors.As(err, &fault) || fault.File != old.name || fault.Line <= last {
		return err
	}
	return &Error{Text: fault.Text + "; nothing was written", Err: fault.Err}
}

// vacant refuses a name that AWS's files give an identity.
func (t *transaction) vacant() error {
	p, _ := t.old.profile(t.profile)
	if err := t.noKeys(p); err != nil {
		return err
	}
	if err := p.unserved(); err != nil {
		return err
	}
	for _, key := range roleKeys {
		text, at, ok := find(p.layers[1:], key)
		if !ok || key == KeyProcess && callsMfad(string(text)) {
			continue
		}
		return conflict(at, "profile %q has %s there; `mfad profile adopt %s` moves it, or choose another name", t.profile, key, t.profile)
	}
	return nil
}

// noKeys refuses a profile whose keys stand in AWS's files: AWS's tools would
// use them and not ask mfad.
func (t *transaction) noKeys(p *Profile) error {
	for _, key := range staticKeys {
		if _, at, ok := find(p.layers[1:], key); ok {
			return conflict(at, "profile %q has keys there, and AWS's tools would use those; `mfad key import --from-profile %s` moves them into the vault", t.profile, t.profile)
		}
	}
	return nil
}

// addOwn is mfad's file with the profile.
func (t *transaction) addOwn(p NewProfile) (*document, error) {
	settings := slices.Clone(p.Settings)
	for i, s := range settings {
		if s.Key == KeyPolicy {
			var line bytes.Buffer
			if err := json.Compact(&line, []byte(s.Value)); err != nil {
				return nil, fmt.Errorf("policy of profile %q: %w: it is not JSON", p.Name, ErrBadConfig)
			}
			settings[i].Value = line.String()
		}
	}
	lines, err := formatAll(p.Name, settings)
	if err != nil {
		return nil, err
	}
	doc := t.old.mfad
	old, exists, err := t.only(doc)
	if err != nil {
		return nil, err
	}
	if exists {
		if slices.Equal(doc.formatted(old), lines) {
			return doc, nil
		}
		return nil, conflict(doc.at(old.line), "profile %q exists; `mfad profile remove %s` takes it away", p.Name, p.Name)
	}
	change := newEdit()
	t.appendOwn(change, lines...)
	return t.edited(doc, change, configFile)
}

// appendOwn puts a section into mfad's file, and says what a new one is.
func (t *transaction) appendOwn(e *edit, lines ...string) {
	doc := t.old.mfad
	if len(doc.data) == 0 {
		e.insert(1, "# mfad's profiles, in the format of ~/.aws/config: edit it at will.", "")
	}
	doc.appendSection(e, append([]string{"[profile " + t.profile + "]"}, lines...)...)
}

// formatted are a section's settings as this package writes them.
func (d *document) formatted(s section) []string {
	var lines []string
	for _, set := range d.own(s) {
		lines = append(lines, string(d.key(set))+" = "+string(d.value(set)))
	}
	return lines
}

// addServed is AWS's config with the credential_process.
func (t *transaction) addServed(p NewProfile, process string) (*document, error) {
	var settings []Setting
	for _, s := range []Setting{{KeyProcess, process}, {KeyRegion, p.Region}, {KeyOutput, p.Output}} {
		if s.Value != "" {
			settings = append(settings, s)
		}
	}
	doc := t.old.config
	sec, exists, err := t.only(doc)
	if err != nil {
		return nil, err
	}
	change := newEdit()
	if exists {
		settings, err = t.lacking(sec, settings)
	}
	if err != nil {
		return nil, err
	}
	lines, err := formatAll(p.Name, settings)
	switch {
	case err != nil:
		return nil, err
	case exists:
		change.insert(sec.line+1, lines...)
	default:
		doc.appendSection(change, slices.Concat([]string{header(p.Name), addedMark + "; `mfad profile remove " + p.Name + "` takes it away"}, lines)...)
	}
	return t.edited(doc, change, configFile)
}

// lacking are the settings that AWS's config does not have yet; one that it
// has otherwise is a conflict.
func (t *transaction) lacking(sec section, want []Setting) ([]Setting, error) {
	doc := t.old.config
	var out []Setting
	for _, w := range want {
		s, ok := doc.lookup(doc.find(profileSection, t.profile), w.Key)
		switch {
		case !ok:
			out = append(out, w)
		case string(doc.value(s)) != w.Value && w.Key == KeyProcess:
			return nil, conflict(doc.at(s.line), "profile %q asks another mfad there; take the line out first", t.profile)
		case string(doc.value(s)) != w.Value:
			return nil, conflict(doc.at(s.line), "profile %q has another %s there; change it there", t.profile, w.Key)
		}
	}
	return out, nil
}

// Remove takes a profile that Add wrote out of AWS's config and then out of
// mfad's file. Of a section of AWS's config that was there before, only
// mfad's credential_process goes.
func (e *Editor) Remove(ctx context.Context, profile string) ([]Change, error) {
	return e.edit(ctx, profile, func(t *transaction) error {
		mfad, config := newEdit(), newEdit()
		own := t.dropOwn(mfad)
		if sec, ok, _ := t.only(t.old.mfad); ok && t.adopted(sec) {
			return conflict(t.old.mfad.at(sec.line), "profile %q was adopted; `mfad profile release %s` puts it back as it was", profile, profile)
		}
		if served := t.dropServed(config); !own && !served {
			return &Error{Origin{File: t.paths.Mfad}, fmt.Sprintf("has no profile %q", profile), ErrNoProfile}
		}
		newMfad, newConfig, err := t.both(mfad, config)
		if err != nil {
			return err
		}
		return t.writeBack(newMfad, newConfig)
	})
}

// both parses what the edits make of mfad's file and AWS's config.
func (t *transaction) both(mfad, config *edit) (newMfad, newConfig *document, err error) {
	if newConfig, err = t.edited(t.old.config, config, configFile); err != nil {
		return nil, nil, err
	}
	newMfad, err = t.edited(t.old.mfad, mfad, configFile)
	return newMfad, newConfig, err
}

// writeBack writes AWS's config and then mfad's file: what AWS's tools find is
// gone before what it needs.
func (t *transaction) writeBack(mfad, config *document) error {
	if err := t.write(t.old.config, config); err != nil {
		return err
	}
	return t.write(t.old.mfad, mfad)
}

// dropOwn takes every section of the profile out of mfad's file.
func (t *transaction) dropOwn(e *edit) bool {
	doc, any := t.old.mfad, false
	for i := doc.find(profileSection, t.profile); i >= 0; i = doc.sections[i].following {
		doc.dropSection(e, doc.sections[i])
		any = true
	}
	return any
}

// dropServed takes mfad's credential_process out of AWS's config, and the
// section with it if mfad made it and nobody put more into it.
func (t *transaction) dropServed(e *edit) bool {
	doc, any := t.old.config, false
	for _, sec := range doc.effective(t.profile) {
		body := doc.body(sec)
		ours := len(body) > 0 && strings.HasPrefix(body[0], addedMark)
		for _, s := range doc.own(sec) {
			switch key := strings.ToLower(string(doc.key(s))); {
			case key == KeyProcess && callsMfad(string(doc.value(s))):
				e.dropLines(s.line, s.last)
				any = true
			case key != KeyRegion && key != KeyOutput:
				ours = false
			}
		}
		if ours {
			doc.dropSection(e, sec)
			any = true
		}
	}
	return any
}
