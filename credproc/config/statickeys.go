package config

import (
	"context"
	"fmt"
	"strings"
)

// KeysOf reads the long-term keys that AWS's files hold for a profile; the
// caller wipes the secret. Temporary keys wrap ErrBadConfig, none wrap
// ErrNoProfile.
func (e *Editor) KeysOf(profile string) (StaticKeys, error) {
	if err := checkName(profile); err != nil {
		return StaticKeys{}, err
	}
	f, err := NewReader(e.Paths, editorEnv).files()
	if err != nil {
		return StaticKeys{}, err
	}
	p, _ := f.profile(profile)
	keys, err := p.static(p.layers[1:])
	switch {
	case err != nil:
		return StaticKeys{}, err
	case keys == nil:
		return StaticKeys{}, &Error{Origin{}, fmt.Sprintf("no keys of profile %q in %s or %s", profile, e.Paths.Credentials, e.Paths.Config), ErrNoProfile}
	case keys.Life() != LongTerm:
		return StaticKeys{}, &Error{keys.Token.Origin, fmt.Sprintf("the keys of profile %q are temporary; import those of the IAM user", profile), ErrBadConfig}
	}
	return *keys, nil
}

// RemoveKeys takes the keys of a profile out of AWS's files and keeps all else
// that they say. The backup has the keys still: it is for the caller to say so.
func (e *Editor) RemoveKeys(ctx context.Context, profile string) ([]Change, error) {
	return e.edit(ctx, profile, func(t *transaction) error {
		for _, c := range []struct {
			doc     *document
			dialect dialect
		}{{t.old.credentials, credentialsFile}, {t.old.config, configFile}} {
			change := newEdit()
			for _, sec := range c.doc.effective(profile) {
				dropped := c.doc.dropKeys(change, sec, staticKeys...)
				if dropped > 0 && c.dialect == credentialsFile && c.doc.emptied(change, sec) {
					c.doc.dropSection(change, sec)
				}
			}
			now, err := t.edited(c.doc, change, c.dialect)
			if err != nil {
				return err
			}
			if err := t.write(c.doc, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// emptied says that an edit leaves nothing in a section up to its last
// setting, not even a comment. What follows may be about the next section.
func (d *document) emptied(e *edit, s section) bool {
	lines := d.lines()
	for n := s.line + 1; n <= d.lastSetting(s); n++ {
		if !e.drop[n] && strings.Trim(trimEnding(lines[n-1]), blanks) != "" {
			return false
		}
	}
	return true
}
