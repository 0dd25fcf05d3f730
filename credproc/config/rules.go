package config

import (
	"slices"
	"strings"
)

// SourceRule is how profiles name one kind of source: a row of the resolver. A
// kind of source that this package does not know comes as one more row; see
// [NewReader]. The row may read settings that are refused otherwise, such as
// those of Identity Center.
type SourceRule struct {
	// Keys are the settings that are this kind's own. A profile that has one of
	// them tells who it is.
	Keys []string
	// Alone: the first of Keys names the profile's source, and no other setting
	// may name one beside it.
	Alone bool
	// Read reads the source of a profile, and says where it is declared; the
	// Source is nil when the profile has none of this kind. Its errors are made
	// by [Value.Fault].
	Read func(p *Profile) (Source, Origin, error)
}

// rules are the sources that a reader knows.
type rules struct {
	sources []SourceRule // in the order in which a profile is asked for them
	// pointers are the settings that name a source; a profile has one of them.
	pointers []string
	// origin are the settings that say where a profile's identity comes from. A
	// profile with none of them is a name for an access key of the vault, or for
	// nothing.
	origin []string
	// foreign are the settings that no source of these reads.
	foreign []foreignKey
}

// builtin are the sources that this package knows.
var builtin = newRules(nil)

func newRules(extra []SourceRule) *rules {
	r := &rules{
		sources:  slices.Concat([]SourceRule{vaultKeyRule, staticKeysRule}, extra, []SourceRule{processRule}),
		pointers: []string{KeySourceProfile, KeyCredentialSource},
		origin:   slices.Concat([]string{KeySourceProfile, KeyCredentialSource, KeyRoleARN}, foreignKeys),
	}
	var alone []string
	for _, rule := range r.sources {
		r.origin = append(r.origin, rule.Keys...)
		if rule.Alone {
			alone = append(alone, rule.Keys[0])
		}
	}
	r.pointers = append(alone, r.pointers...)
	r.foreign = slices.DeleteFunc(slices.Clone(foreign), func(f foreignKey) bool {
		return slices.ContainsFunc(r.sources, func(rule SourceRule) bool { return slices.Contains(rule.Keys, f.key) })
	})
	return r
}

var vaultKeyRule = SourceRule{
	Keys: []string{KeyAccessKey}, Alone: true,
	Read: func(p *Profile) (Source, Origin, error) {
		key, ok := p.Identity(KeyAccessKey)
		if !ok {
			return nil, Origin{}, nil
		}
		if !ValidName(key.Text) {
			return nil, Origin{}, key.Fault("mfad_access_key %q is not a name of the vault; write letters, digits or _.@/+:-", key.Text)
		}
		return VaultKey{key}, key.Origin, nil
	},
}

var processRule = SourceRule{
	Keys: []string{KeyProcess},
	Read: func(p *Profile) (Source, Origin, error) {
		command, ok := p.Identity(KeyProcess)
		if !ok {
			return nil, Origin{}, nil
		}
		if CallsMfad(command.Text) {
			return nil, Origin{}, command.Fault("credential_process is mfad itself; write mfad_access_key or source_profile in its place")
		}
		account, err := p.account()
		return Process{command, account}, command.Origin, err
	},
}

// named are the words of credential_source.
var named = []struct {
	word string
	read func(p *Profile, v Value) (Source, error)
}{
	{sourceEnvironment, readEnvironment},
	{sourceEC2, func(*Profile, Value) (Source, error) { return Machine(KindEC2), nil }},
	{sourceECS, func(*Profile, Value) (Source, error) { return Machine(KindECS), nil }},
}

// readNamed reads the source that credential_source names.
func (p *Profile) readNamed(v Value) (Source, error) {
	var words []string
	for _, n := range named {
		if v.Text == n.word {
			return n.read(p, v)
		}
		words = append(words, n.word)
	}
	last := len(words) - 1
	return nil, v.Fault("credential_source %q is none; write %s or %s", v.Text, strings.Join(words[:last], ", "), words[last])
}

func readEnvironment(p *Profile, v Value) (Source, error) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		if _, ok := p.files.env(name); !ok {
			return nil, v.Fault("credential_source is Environment, and the agent's own environment has no %s; start the agent with it", name)
		}
	}
	for _, name := range []string{"AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"} {
		if _, ok := p.files.env(name); ok {
			return Environment{Temporary}, nil
		}
	}
	return Environment{LongTerm}, nil
}
