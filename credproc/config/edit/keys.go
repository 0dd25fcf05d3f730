package edit

import (
	"context"
	"fmt"
	"strings"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/config/syntax"
)

// KeysOf reads the long-term keys that AWS's files hold for a profile; the
// caller wipes the secret. Temporary keys wrap config.ErrBadConfig, none wrap
// config.ErrNoProfile.
func (e *Editor) KeysOf(profile string) (config.StaticKeys, error) {
	if err := config.CheckName(profile); err != nil {
		return config.StaticKeys{}, err
	}
	t := e.transaction(profile)
	var err error
	if t.old, err = t.load(); err != nil { // what cannot be edited keeps its keys
		return config.StaticKeys{}, err
	}
	if err := alone(t.old, t.profile); err != nil {
		return config.StaticKeys{}, err
	}
	p, _ := t.old.Profile(profile)
	keys, err := p.KeysInAWS()
	switch {
	case err != nil:
		return config.StaticKeys{}, err
	case keys == nil:
		return config.StaticKeys{}, &config.Error{
			Text: fmt.Sprintf("no keys of profile %q in %s or %s", profile, e.Paths.Credentials, e.Paths.Config),
			Err:  config.ErrNoProfile,
		}
	case keys.Life() != config.LongTerm:
		return config.StaticKeys{}, &config.Error{
			Origin: keys.Token.Origin,
			Text:   fmt.Sprintf("the keys of profile %q are temporary; import those of the IAM user", profile),
			Err:    config.ErrBadConfig,
		}
	}
	return *keys, nil
}

// RemoveKeys takes the keys of a profile out of AWS's files and keeps all else
// that they say. The backup has the keys still: it is for the caller to say so.
func (e *Editor) RemoveKeys(ctx context.Context, profile string) ([]Change, error) {
	return e.edit(ctx, profile, func(t *transaction) error {
		for _, c := range []struct {
			doc     *syntax.Document
			dialect syntax.Dialect
		}{{t.old.Credentials, syntax.Credentials}, {t.old.Config, syntax.Config}} {
			change := newEdit()
			for _, sec := range c.doc.Effective(profile) {
				dropped := change.dropKeys(c.doc, sec, config.StaticKeyNames()...)
				if dropped > 0 && c.dialect == syntax.Credentials && change.leavesNothing(c.doc, sec) {
					change.dropSection(c.doc, sec)
				}
			}
			now, err := t.edited(c.doc, change, c.dialect)
			if err != nil {
				return err
			}
			if err := t.write(replacement{c.doc, now}); err != nil {
				return err
			}
		}
		return nil
	})
}

// leavesNothing says that an edit leaves nothing in a section up to its last
// setting, not even a comment. What follows may be about the next section.
func (e *edit) leavesNothing(d *syntax.Document, s syntax.Section) bool {
	lines := d.Lines()
	for n := s.Line + 1; n <= d.LastSetting(s); n++ {
		if !e.drop[n] && strings.Trim(trimEnding(lines[n-1]), syntax.Blanks) != "" {
			return false
		}
	}
	return true
}
