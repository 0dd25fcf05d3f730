package config

// Unserved says why a profile's credentials are not mfad's to make.
func (p *Profile) Unserved() error {
	for _, f := range p.files.rules().foreign {
		if v, ok := p.Identity(f.key); ok {
			return v.Fault("%s: mfad does not serve %s; take the line out, or use profile %q without mfad", f.key, f.what, p.name)
		}
	}
	return nil
}

// ownSource is the source that a profile has in itself; nil if it has none.
func (p *Profile) ownSource() (Source, Origin, error) {
	for _, rule := range p.files.rules().sources {
		if source, at, err := rule.Read(p); source != nil || err != nil {
			return source, at, err
		}
	}
	return nil, Origin{}, nil
}

// pointer is the setting that names the profile's source; a profile has one.
func (p *Profile) pointer() (key string, v Value, err error) {
	for _, k := range p.files.rules().pointers {
		next, ok := p.Identity(k)
		if !ok {
			continue
		}
		if key == KeyAccessKey && k == KeySourceProfile && next.Text == p.name {
			continue // itself: its own key
		}
		if key != "" {
			return "", Value{}, next.Fault("%s names a second source beside %s (%s); keep one", k, key, v.Origin)
		}
		key, v = k, next
	}
	return key, v, nil
}
