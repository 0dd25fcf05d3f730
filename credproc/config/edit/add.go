package edit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/config/syntax"
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
// is no change, anything else under that name wraps config.ErrConflict.
func (e *Editor) Add(ctx context.Context, p NewProfile) ([]Change, error) {
	return e.edit(ctx, p.Name, func(t *transaction) error {
		process, err := e.process(p.Name)
		if err != nil {
			return err
		}
		if err := alone(t.old, t.profile); err != nil {
			return err
		}
		if err := t.vacant(); err != nil {
			return err
		}
		mfad, err := t.addOwn(p)
		if err != nil {
			return err
		}
		aws, err := t.addServed(p, process)
		if err != nil {
			return err
		}
		if err := t.resolves(mfad, aws); err != nil {
			return unwritten(err, t.old.Mfad)
		}
		return t.writeAll(replacement{t.old.Mfad, mfad}, replacement{t.old.Config, aws})
	})
}

// unwritten takes the place away from a fault of the lines that were to follow
// the old ones: no file has them.
func unwritten(err error, old *syntax.Document) error {
	last := bytes.Count(old.Data, []byte("\n"))
	if len(old.Data) > 0 && !bytes.HasSuffix(old.Data, []byte("\n")) {
		last++
	}
	var fault *config.Error
	if !errors.As(err, &fault) || fault.File != old.Name || fault.Line <= last {
		return err
	}
	return &config.Error{Text: fault.Text + "; nothing was written", Err: fault.Err}
}

// vacant refuses a name that AWS's files give an identity.
func (t *transaction) vacant() error {
	p, _ := t.old.Profile(t.profile)
	if err := t.noKeys(p); err != nil {
		return err
	}
	if err := p.Unserved(); err != nil {
		return err
	}
	if err := t.outsideCredentials(); err != nil {
		return err
	}
	for _, key := range config.IdentityKeys() {
		v, ok := p.InAWS(key)
		if !ok || key == config.KeyProcess && config.CallsMfad(v.Text) {
			continue
		}
		return t.conflict(v.Origin, ErrTaken, "profile %q has %s there", t.profile, key)
	}
	return nil
}

// noKeys refuses a profile whose keys stand in AWS's files: AWS's tools would
// use them and not ask mfad.
func (t *transaction) noKeys(p *config.Profile) error {
	for _, key := range config.StaticKeyNames() {
		if v, ok := p.InAWS(key); ok {
			return t.conflict(v.Origin, ErrKeys, "profile %q has keys there, and AWS's tools would use those", t.profile)
		}
	}
	return nil
}

// addOwn is mfad's file with the profile.
func (t *transaction) addOwn(p NewProfile) (*syntax.Document, error) {
	settings := slices.Clone(p.Settings)
	for i, s := range settings {
		if s.Key == config.KeyPolicy {
			var line bytes.Buffer
			if err := json.Compact(&line, []byte(s.Value)); err != nil {
				return nil, fmt.Errorf("policy of profile %q: %w: it is not JSON", p.Name, config.ErrBadConfig)
			}
			settings[i].Value = line.String()
		}
	}
	lines, err := formatAll(p.Name, settings)
	if err != nil {
		return nil, err
	}
	doc := t.old.Mfad
	old, exists, err := t.only(doc)
	if err != nil {
		return nil, err
	}
	if exists {
		if slices.Equal(formatSection(doc, old), lines) {
			return doc, nil
		}
		return nil, t.exists(old)
	}
	change := newEdit()
	t.appendOwn(change, lines...)
	return t.edited(doc, change, syntax.Config)
}

// ownTitle is the first line of a file of mfad's that mfad made.
const ownTitle = "# mfad's profiles, in the format of ~/.aws/config: edit it at will."

// appendOwn puts a section into mfad's file, and says what a new one is.
func (t *transaction) appendOwn(e *edit, lines ...string) {
	doc := t.old.Mfad
	if len(doc.Data) == 0 {
		e.insert(1, ownTitle, "")
	}
	e.appendSection(doc, append([]string{"[profile " + t.profile + "]"}, lines...)...)
}

// formatSection gives a section's settings as this package writes them.
func formatSection(d *syntax.Document, s syntax.Section) []string {
	var lines []string
	for _, set := range d.SettingsOf(s) {
		lines = append(lines, string(d.Key(set))+" = "+string(d.Value(set)))
	}
	return lines
}

// addServed is AWS's config with the credential_process.
func (t *transaction) addServed(p NewProfile, process string) (*syntax.Document, error) {
	var settings []Setting
	for _, s := range []Setting{{config.KeyProcess, process}, {config.KeyRegion, p.Region}, {config.KeyOutput, p.Output}} {
		if s.Value != "" {
			settings = append(settings, s)
		}
	}
	doc := t.old.Config
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
		change.insert(sec.Line+1, lines...)
	default:
		mark := addedMark + "; `mfad profile remove " + p.Name + "` takes it away"
		change.appendSection(doc, slices.Concat([]string{headerLine(p.Name), mark}, lines)...)
	}
	return t.edited(doc, change, syntax.Config)
}

// lacking are the settings that AWS's config does not have yet; one that it
// has otherwise is a conflict.
func (t *transaction) lacking(sec syntax.Section, want []Setting) ([]Setting, error) {
	doc := t.old.Config
	var out []Setting
	for _, w := range want {
		s, ok := doc.Lookup(doc.Find(syntax.Profile, t.profile), w.Key)
		switch {
		case !ok:
			out = append(out, w)
		case string(doc.Value(s)) != w.Value && w.Key == config.KeyProcess:
			return nil, t.conflict(config.OriginOf(doc, s.Line), config.ErrConflict,
				"profile %q asks another mfad there; take the line out first", t.profile)
		case string(doc.Value(s)) != w.Value:
			return nil, t.conflict(config.OriginOf(doc, s.Line), config.ErrConflict,
				"profile %q has another %s there; change it there", t.profile, w.Key)
		}
	}
	return out, nil
}
