package config

import (
	"slices"
	"strings"
)

// The limits of the STS API reference.
const (
	leastSeconds       = 900
	mostRoleSeconds    = 43_200
	mostSessionSeconds = 129_600
	mostChainedSeconds = 3_600
	mostTags           = 50
	mostPolicyARNs     = 10
)

// role reads the Role step of a profile that has role_arn.
func (p *Profile) role(arn Value) (*Role, error) {
	r := &Role{ARN: arn}
	if !isARN(arn.Text, "iam", "role/") {
		return nil, arn.Fault("role_arn %q is not a role; write arn:aws:iam::ACCOUNT:role/NAME", arn.Text)
	}
	if err := p.roleTexts(r); err != nil {
		return nil, err
	}
	if err := p.roleTags(r); err != nil {
		return nil, err
	}
	var err error
	r.Duration, err = p.duration(mostRoleSeconds, "default of AssumeRole")
	return r, err
}

func (p *Profile) roleTexts(r *Role) error {
	r.SessionName, _ = p.Identity(KeySessionName)
	if v, ok := p.files.env("AWS_ROLE_SESSION_NAME"); ok {
		r.SessionName = v
	}
	r.ExternalID, _ = p.Identity(KeyExternalID)
	r.SourceIdentity, _ = p.Identity(KeySourceIdentity)
	r.Policy, _ = p.Identity(KeyPolicy)
	for _, t := range []struct {
		v     Value
		valid func(string) bool
		want  string
	}{
		{r.SessionName, isSessionName, "role_session_name is not 2 to 64 letters, digits or _+=,.@-"},
		{r.ExternalID, isExternalID, "external_id is not 2 to 1224 letters, digits or _+=,.@:/-"},
		{r.SourceIdentity, isSessionName, "source_identity is not 2 to 64 letters, digits or _+=,.@-"},
		{r.Policy, isPolicy, "policy is not a JSON object of at most 2048 bytes; write it in place, on one line or on indented ones"},
	} {
		if t.v.Text != "" && !t.valid(t.v.Text) {
			return t.v.Fault("%s", t.want)
		}
	}
	if v, ok := p.Identity(KeyPolicyARNs); ok {
		r.PolicyARNs = splitList(v.Text)
		if i := slices.IndexFunc(r.PolicyARNs, func(arn string) bool { return !isARN(arn, "iam", "policy/") }); i >= 0 {
			return v.Fault("policy_arns has %q; write arn:aws:iam::ACCOUNT:policy/NAME, with commas between", r.PolicyARNs[i])
		}
		if len(r.PolicyARNs) > mostPolicyARNs {
			return v.Fault("policy_arns has %d policies; AWS takes %d", len(r.PolicyARNs), mostPolicyARNs)
		}
	}
	return nil
}

func (p *Profile) roleTags(r *Role) error {
	v, _ := p.Identity(KeyTags)
	seen := map[string]bool{}
	for _, pair := range splitList(v.Text) {
		key, text, ok := strings.Cut(pair, "=")
		tag := Tag{strings.TrimSpace(key), strings.TrimSpace(text)}
		switch {
		case !ok || !isTagText(tag.Key, 1, 128) || !isTagText(tag.Value, 0, 256):
			return v.Fault("session_tags has %q; write KEY=VALUE, with commas between", pair)
		case strings.HasPrefix(strings.ToLower(tag.Key), "aws:"):
			return v.Fault("session_tags has %q, and AWS keeps keys that begin with aws: to itself; write another", tag.Key)
		case seen[strings.ToLower(tag.Key)]:
			return v.Fault("session_tags has %q twice; AWS compares keys without case", tag.Key)
		}
		seen[strings.ToLower(tag.Key)] = true
		r.Tags = append(r.Tags, tag)
	}
	if len(r.Tags) > mostTags {
		return v.Fault("session_tags has %d tags; AWS takes %d", len(r.Tags), mostTags)
	}
	// A tag that is transitive in an earlier session passes on by itself; to
	// name it again without a value is refused
	// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html).
	v, _ = p.Identity(KeyTransitiveTags)
	for _, key := range splitList(v.Text) {
		switch {
		case !isTagText(key, 1, 128):
			return v.Fault("transitive_session_tags has %q; write KEY, with commas between", key)
		case !seen[strings.ToLower(key)]:
			return v.Fault("transitive_session_tags has %q, which session_tags does not set; write it there, or take it out here", key)
		}
		r.TransitiveTags = append(r.TransitiveTags, key)
	}
	return nil
}

// duration reads duration_seconds; rule names the default.
func (p *Profile) duration(most int64, rule string) (Duration, error) {
	v, ok := p.Identity(KeyDuration)
	if !ok {
		return Duration{Origin: Origin{Rule: rule}}, nil
	}
	n, ok := parseSeconds(v.Text, leastSeconds, most)
	if !ok {
		return Duration{}, v.Fault("duration_seconds %q is not a number from %d to %d", v.Text, leastSeconds, most)
	}
	return Duration{n, v.Origin}, nil
}

// splitList takes a list apart at commas and newlines; empty parts are none.
func splitList(text string) []string {
	var out []string
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == '\n' }) {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
