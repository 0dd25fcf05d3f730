package config

import (
	"fmt"
	"slices"
)

// unserved says why a profile's credentials are not mfad's to make.
func (p *profile) unserved() error {
	for _, key := range foreignKeys {
		v, ok := p.identity(key)
		if !ok {
			continue
		}
		what := "IAM Identity Center"
		switch key {
		case keyWebIdentity:
			what = "web identity tokens"
		case keyLoginSession:
			what = "`aws login` sessions"
		}
		return v.fault("%s: mfad does not serve %s; take the line out, or use profile %q without mfad", key, what, p.name)
	}
	return nil
}

// own is the source that a profile has in itself: a key of the vault, keys in
// a file, or a process. From says in which layers keys are looked for.
func (p *profile) ownSource(from []layer) (Step, bool, error) {
	if key, ok := p.identity(KeyAccessKey); ok {
		if !ValidName(key.Text) {
			return Step{}, false, key.fault("mfad_access_key %q is not a name of the vault; write letters, digits or _.@/+:-", key.Text)
		}
		return Step{Kind: VaultKey, Profile: p.name, At: key.Origin, Key: key}, true, nil
	}
	if s, ok, err := p.static(from); ok || err != nil {
		return s, ok, err
	}
	command, ok := p.identity(KeyProcess)
	if !ok {
		return Step{}, false, nil
	}
	if callsMfad(command.Text) {
		return Step{}, false, command.fault("credential_process is mfad itself; write mfad_access_key or source_profile in its place")
	}
	return Step{Kind: Process, Profile: p.name, At: command.Origin, Command: command}, true, nil
}

// static reads keys that stand in a file: all of them in the first that has
// any, for a key is no use with the secret or the token of another.
func (p *profile) static(from []layer) (Step, bool, error) {
	for i := range from {
		one := from[i : i+1]
		_, _, hasID := find(one, keyAccessKeyID)
		if _, _, hasSecret := find(one, keySecretAccessKey); hasID || hasSecret {
			from = one
			break
		}
	}
	id, idAt, hasID := find(from, keyAccessKeyID)
	secret, secretAt, hasSecret := find(from, keySecretAccessKey)
	token, tokenAt, hasToken := find(from, keySessionToken)
	partial := func(at Origin, has, lacks string) (Step, bool, error) {
		return Step{}, false, Value{Origin: at}.fault("profile %q has %s and no %s; write both or none", p.name, has, lacks)
	}
	switch {
	case hasID && !hasSecret:
		return partial(idAt, keyAccessKeyID, keySecretAccessKey)
	case hasSecret && !hasID:
		return partial(secretAt, keySecretAccessKey, keyAccessKeyID)
	case hasToken && !hasID:
		return partial(tokenAt, keySessionToken, keyAccessKeyID)
	case !hasID:
		return Step{}, false, nil
	case !isAccessKeyID(string(id)):
		return Step{}, false, Value{Origin: idAt}.fault("aws_access_key_id of profile %q is not an access key id; write the one that IAM shows, such as AKIA…", p.name)
	}
	s := Step{
		Kind: StaticKeys, Profile: p.name, At: idAt,
		AccessKeyID:     Value{string(id), idAt},
		SecretAccessKey: Sensitive{secret, secretAt},
	}
	if hasToken {
		s.SessionToken = Sensitive{token, tokenAt}
	}
	return s, true, nil
}

// machine is the source that credential_source names.
func (p *profile) machine(v Value) (Step, error) {
	s := Step{Profile: p.name, At: v.Origin}
	switch v.Text {
	case sourceEnvironment:
		s.Kind = Environment
		for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
			if _, ok := p.files.env(name); !ok {
				return Step{}, v.fault("credential_source is Environment, and the agent's own environment has no %s; start the agent with it", name)
			}
		}
	case sourceEC2:
		s.Kind = EC2Instance
	case sourceECS:
		s.Kind = ECSContainer
	default:
		return Step{}, v.fault("credential_source %q is none; write %s, %s or %s", v.Text, sourceEnvironment, sourceEC2, sourceECS)
	}
	return s, nil
}

// pointers are the settings that name a source elsewhere; a profile has one.
func (p *profile) pointer() (key string, v Value, err error) {
	for _, k := range []string{KeyAccessKey, KeySourceProfile, KeyCredentialSource} {
		next, ok := p.identity(k)
		if !ok {
			continue
		}
		if key == KeyAccessKey && k == KeySourceProfile && next.Text == p.name {
			continue // itself: its own key
		}
		if key != "" {
			return "", Value{}, next.fault("%s names a second source beside %s (%s); keep one", k, key, v.Origin)
		}
		key, v = k, next
	}
	return key, v, nil
}

// lifetime is what is known of a source's credentials.
type lifetime int

const (
	unknown lifetime = iota
	longTerm
	temporary
)

func (f *files) lifetime(s Step) lifetime {
	switch s.Kind {
	case VaultKey:
		return longTerm
	case StaticKeys:
		if len(s.SessionToken.Bytes) > 0 {
			return temporary
		}
		return longTerm
	case Environment:
		if _, ok := f.env("AWS_SESSION_TOKEN"); ok {
			return temporary
		}
		return longTerm
	case EC2Instance, ECSContainer:
		return temporary
	}
	return unknown
}

// chained says that a source is a role's session, so that AWS gives roles
// assumed by it one hour at most.
func chained(s Step) bool { return slices.Contains([]StepKind{EC2Instance, ECSContainer}, s.Kind) }

// describe names a source in an error.
func describe(s Step) string { return fmt.Sprintf("%s (%s)", s.Kind, s.At) }
