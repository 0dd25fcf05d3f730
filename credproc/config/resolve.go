package config

import "slices"

// Query asks for a profile. Region is the caller's own, which comes before
// the profile's; HasKey says whether the vault has an access key of that name.
type Query struct {
	Profile string // empty: default
	Region  string
	HasKey  func(name string) bool // nil: it has none
}

// Resolve makes the chain of a profile.
func (f *Files) Resolve(q Query) (*Chain, error) {
	if q.Profile == "" {
		q.Profile = "default"
	}
	if err := checkServed(q.Profile); err != nil {
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
	at, err := endpoints{asked}.find(q.Region, w.partition())
	if err != nil {
		return nil, err
	}
	for _, step := range steps[1:] {
		step.Exchange().Endpoint = at
	}
	chain := &Chain{Profile: q.Profile, Steps: steps}
	chain.Region, _ = asked.region()
	return chain, nil
}

// partition is that of the role or the device, if one is named.
func (w *walk) partition() string {
	if len(w.roles) > 0 {
		return partitionOfARN(w.roles[0].ARN.Text)
	}
	return partitionOfARN(w.serial.Text)
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

// checkSerial refuses a device that gives no codes, and one that nobody on the
// chain could use. Without a role AWS's tools pass over the mfa_serial of
// temporary keys, and so do we.
func (w *walk) checkSerial() error {
	if w.serial.Text == "" {
		return nil
	}
	if err := CheckSerial(w.serial.Text); err != nil {
		return w.serial.Fault("mfa_serial %s", err)
	}
	if len(w.roles) == 0 {
		return nil
	}
	if err := checkReach(w.serial.Text, w.roles[0].ARN.Text); err != nil {
		return w.serial.Fault("mfa_serial %s", err)
	}
	if w.life >= Temporary {
		return w.serial.Fault("mfa_serial needs a long-term key, and this chain begins at %s, whose credentials are temporary;"+
			" take one of them out", w.source)
	}
	return nil
}

// checkChaining: AWS gives a role assumed by a role one hour at most.
func (w *walk) checkChaining() error {
	for i, r := range w.roles {
		if (i > 0 || w.life == RoleSession) && r.Duration.Seconds > mostChainedSeconds {
			return Value{Origin: r.Duration.Origin}.Fault("duration_seconds is %d, and AWS gives a role that is assumed by another role"+
				" %d at most; write %d or take the line out", r.Duration.Seconds, mostChainedSeconds, mostChainedSeconds)
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
