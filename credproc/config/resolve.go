package config

import (
	"fmt"
	"slices"
	"strings"
)

// Query asks for a profile. Region is the caller's own, which comes before
// the profile's; HasKey says whether the vault has an access key of that name.
type Query struct {
	Profile string // empty: default
	Region  string
	HasKey  func(name string) bool // nil: it has none
}

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

// resolve makes the chain of a profile.
func (f *Files) Resolve(q Query) (*Chain, error) {
	if q.Profile == "" {
		q.Profile = "default"
	}
	if err := CheckName(q.Profile); err != nil {
		return nil, err
	}
	w := walk{files: f, query: q}
	if err := w.run(); err != nil {
		return nil, err
	}
	slices.Reverse(w.roles)
	asked, _ := f.Profile(q.Profile)
	steps, err := w.steps()
	if err != nil {
		return nil, err
	}
	at, err := asked.endpoint(q.Region, w.partition())
	if err != nil {
		return nil, err
	}
	for _, step := range steps[1:] {
		step.Exchange().Endpoint = at
	}
	chain := &Chain{Profile: q.Profile, Steps: steps}
	chain.Region, _ = asked.Setting(KeyRegion)
	return chain, nil
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
		return v, false, w.checkKeys(p, v)
	case key == "" && hasRole:
		return Value{}, false, arn.Fault("role_arn of profile %q has no source; write source_profile = NAME, mfad_access_key = NAME or credential_source = %s", p.name, sourceEC2)
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
		return Value{}, false, v.Fault("source_profile names profile %q itself, which has no keys; write the name of the profile or vault key that has them", p.name)
	case self:
		w.take(p.name, v.Origin, VaultKey{Value{p.name, v.Origin}})
		return Value{}, true, nil
	}
	return v, false, nil // source_profile without a role: another name for it
}

// checkKeys refuses keys beside the role of a source: the AWS CLI signs with
// them and leaves the role out, the Go SDK assumes the role by them. Beside the
// role that is asked for, all pass over them.
func (w *walk) checkKeys(p *Profile, source Value) error {
	if p == w.path[0] {
		return nil
	}
	keys, ok := p.Identity(keyAccessKeyID)
	if !ok {
		return nil
	}
	return Value{Origin: keys.Origin}.Fault("profile %q has keys and a source_profile (%s), and AWS's tools do not agree which of them counts; take one of them out", p.name, source.Origin)
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
		return served.Fault("credential_process of profile %q asks mfad, and %s does not say what it is; write [profile %s] with mfad_access_key or role_arn there",
			from.Text, w.files.Mfad.Name, from.Text)
	}
	switch {
	case found:
		return Value{Origin: p.at()}.Fault("profile %q has no source of credentials; write mfad_access_key = NAME, or role_arn and source_profile", from.Text)
	case from.Origin == (Origin{}):
		return &Error{Origin{}, fmt.Sprintf("no profile %q in %s, %s or %s, and no access key of that name in the vault",
			from.Text, w.files.Mfad.Name, w.files.Config.Name, w.files.Credentials.Name), ErrNoProfile}
	}
	return &Error{from.Origin, fmt.Sprintf("source_profile names %q, and there is no such profile and no such access key in the vault; write [profile %s], or import the key under that name", from.Text, from.Text), ErrNoSource}
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

// partition is that of the role or the device, if one is named.
func (w *walk) partition() string {
	if len(w.roles) > 0 {
		return partition(w.roles[0].ARN.Text)
	}
	return partition(w.serial.Text)
}

// steps puts the chain in order, and the code where a long-term key can give it.
func (w *walk) steps() ([]Step, error) {
	if err := w.checkSerial(); err != nil {
		return nil, err
	}
	if err := w.checkChaining(); err != nil {
		return nil, err
	}
	steps := append(make([]Step, 0, len(w.roles)+2), w.source)
	proves := w.serial.Text != "" && w.life < Temporary
	direct := proves && len(w.roles) > 0 && w.roles[0].Duration.Seconds > mostChainedSeconds
	switch {
	case direct:
		w.roles[0].Serial = w.serial
	case proves || w.life == LongTerm && len(w.roles) == 0:
		session, err := w.session()
		if err != nil {
			return nil, err
		}
		steps = append(steps, session)
	}
	for _, r := range w.roles {
		steps = append(steps, Step{r.profile, r.ARN.Origin, r.Role})
	}
	return steps, nil
}

// checkSerial refuses a device that nobody on the chain could use. Without a
// role AWS's tools pass over mfa_serial, and so do we.
func (w *walk) checkSerial() error {
	switch {
	case w.serial.Text == "":
		return nil
	case !ValidSerial(w.serial.Text):
		return w.serial.Fault("mfa_serial %q is not a device; write arn:aws:iam::ACCOUNT:mfa/NAME or the serial number of the fob", w.serial.Text)
	case w.life >= Temporary && len(w.roles) > 0:
		return w.serial.Fault("mfa_serial needs a long-term key, and this chain begins at %s, whose credentials are temporary; take one of them out", w.source)
	}
	return nil
}

// checkChaining: AWS gives a role assumed by a role one hour at most.
func (w *walk) checkChaining() error {
	for i, r := range w.roles {
		if (i > 0 || w.life == RoleSession) && r.Duration.Seconds > mostChainedSeconds {
			return &Error{r.Duration.Origin, fmt.Sprintf("duration_seconds is %d, and AWS gives a role that is assumed by another role %d at most; write %d or take the line out",
				r.Duration.Seconds, mostChainedSeconds, mostChainedSeconds), ErrBadConfig}
		}
	}
	return nil
}

// session is the GetSessionToken step. Its duration is that of the first
// profile on the way that has no role.
func (w *walk) session() (Step, error) {
	s := &Session{Exchange{Serial: w.serial, Duration: Duration{Origin: Origin{Rule: "default of GetSessionToken"}}}}
	at := w.serial.Origin
	if w.serial.Text == "" {
		at = Origin{Rule: "long-term keys are never handed out"}
	}
	for _, p := range w.path {
		if _, hasRole := p.Identity(KeyRoleARN); hasRole {
			continue
		}
		d, err := p.duration(mostSessionSeconds, s.Duration.Origin.Rule)
		if err != nil {
			return Step{}, err
		}
		if d.Seconds != 0 {
			s.Duration = d
			break
		}
	}
	return Step{w.source.Profile, at, s}, nil
}
