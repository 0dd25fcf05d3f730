package config

import (
	"fmt"
	"slices"
	"strings"
)

// walk follows a profile to the source of its identity.
type walk struct {
	files  *Files
	query  Query
	path   []*Profile // from the one asked for
	roles  []hop      // in the order found: the last role first
	source Step
	life   Life // of the source
	serial Value
}

// hop is a role on the way, and the profile that has it.
type hop struct {
	*Role
	profile string
}

// run follows the names until it stands at a source.
func (w *walk) run() error {
	from := Value{Text: w.query.Profile}
	for {
		next, done, err := w.visit(from)
		if done || err != nil {
			return err
		}
		from = next
	}
}

// visit reads one profile; it returns the name of the next, or done when the
// source is found.
func (w *walk) visit(from Value) (next Value, done bool, err error) {
	if w.visited(from.Text) {
		return Value{}, false, from.Fault("source_profile closes the loop %s; one of them must have keys of its own", w.trail(from.Text))
	}
	p, found := w.files.Profile(from.Text)
	if err := p.fault(); err != nil {
		return Value{}, false, err
	}
	if !found || !p.names() {
		return Value{}, true, w.vaultKey(p, found, from)
	}
	w.path = append(w.path, p)
	w.takeSerial(p)
	if err := p.Unserved(); err != nil {
		return Value{}, false, err
	}
	arn, hasRole := p.Identity(KeyRoleARN)
	if hasRole {
		if done, err := w.byKeys(p); done || err != nil {
			return Value{}, true, err
		}
		role, err := p.role(arn)
		if err != nil {
			return Value{}, false, err
		}
		w.roles = append(w.roles, hop{role, p.name})
	}
	return w.follow(p, arn, hasRole)
}

// follow chooses between the source that a profile has and the one it names.
func (w *walk) follow(p *Profile, arn Value, hasRole bool) (next Value, done bool, err error) {
	key, v, err := p.pointer()
	if err != nil {
		return Value{}, false, err
	}
	self := key == KeySourceProfile && v.Text == p.name
	switch {
	case key == KeyCredentialSource && !hasRole:
		return Value{}, false, v.Fault("credential_source without role_arn; write role_arn = ARN below it")
	case key == KeyCredentialSource:
		source, err := p.readNamed(v)
		w.take(p.name, v.Origin, source)
		return Value{}, true, err
	case key == KeySourceProfile && hasRole && !self:
		return v, false, nil
	case key == "" && hasRole:
		return Value{}, false, arn.Fault("role_arn of profile %q has no source; write source_profile = NAME, mfad_access_key = NAME"+
			" or credential_source = %s", p.name, sourceEC2)
	}
	p.anywhere = self // AWS finds the keys of such a profile in its credentials file
	source, at, err := p.ownSource()
	switch {
	case err != nil:
		return Value{}, false, err
	case source != nil:
		w.take(p.name, at, source)
		return Value{}, true, nil
	case self && !w.hasKey(p.name):
		return Value{}, false, v.Fault("source_profile names profile %q itself, which has no keys;"+
			" write the name of the profile or vault key that has them", p.name)
	case self:
		w.take(p.name, v.Origin, VaultKey{Value{p.name, v.Origin}})
		return Value{}, true, nil
	}
	return v, false, nil // source_profile without a role: another name for it
}

// byKeys ends the walk at a source that has keys and a role: the keys count, and
// the role is that of who asks for this profile. AWS's published cases, botocore
// and the JavaScript SDK agree on it; the Go SDK assumes both roles by the keys.
// Beside the role that is asked for, all pass over keys.
func (w *walk) byKeys(p *Profile) (done bool, err error) {
	if p == w.path[0] {
		return false, nil
	}
	keys, err := p.static(p.who())
	if keys == nil || err != nil {
		return false, err
	}
	w.take(p.name, keys.ID.Origin, *keys)
	return true, nil
}

// vaultKey ends the walk at a name that no file gives an identity.
func (w *walk) vaultKey(p *Profile, found bool, from Value) error {
	if found {
		w.path = append(w.path, p)
		w.takeSerial(p)
	}
	if w.hasKey(from.Text) {
		if from.Origin == (Origin{}) {
			from.Origin = Origin{Rule: "access key of the vault"}
		}
		w.take(from.Text, from.Origin, VaultKey{from})
		return nil
	}
	if served, ok := p.Served(); ok {
		return served.Fault("credential_process of profile %q asks mfad, and %s does not say what it is;"+
			" write [profile %s] with mfad_access_key or role_arn there", from.Text, w.files.Mfad.Name, from.Text)
	}
	switch {
	case found:
		return Value{Origin: p.at()}.Fault("profile %q has no source of credentials;"+
			" write mfad_access_key = NAME, or role_arn and source_profile", from.Text)
	case from.Origin == (Origin{}):
		return &Error{Origin{}, fmt.Sprintf("no profile %q in %s, %s or %s, and no access key of that name in the vault",
			from.Text, w.files.Mfad.Name, w.files.Config.Name, w.files.Credentials.Name), ErrNoProfile}
	}
	return &Error{from.Origin, fmt.Sprintf("source_profile names %q, and there is no such profile and no such access key in the vault;"+
		" write [profile %s], or import the key under that name", from.Text, from.Text), ErrNoSource}
}

// take ends the walk at a source.
func (w *walk) take(profile string, at Origin, source Source) {
	if source != nil {
		w.source, w.life = Step{profile, at, source}, source.Life()
	}
}

func (w *walk) hasKey(name string) bool {
	return w.query.HasKey != nil && ValidName(name) && w.query.HasKey(name)
}

// takeSerial keeps the first device named on the way: any device of the
// identity will do, and the profile that was asked for chooses first.
func (w *walk) takeSerial(p *Profile) {
	if v, ok := p.Setting(KeySerial); ok && w.serial.Text == "" {
		w.serial = v
	}
}

func (w *walk) visited(name string) bool {
	return slices.ContainsFunc(w.path, func(p *Profile) bool { return p.name == name })
}

func (w *walk) trail(last string) string {
	var names []string
	for _, p := range w.path {
		names = append(names, p.name)
	}
	return strings.Join(append(names, last), " -> ")
}
