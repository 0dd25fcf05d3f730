package credproc_test

import (
	"strings"
	"testing"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
)

// What makes a session decides whether two profiles share it.
func TestProfilesShareASessionIfAWSCannotTellThemApart(t *testing.T) {
	full := func() config.Step {
		role := roleStep("role")
		role.ExternalID, role.SessionName, role.SourceIdentity = value("external"), value("name"), value("ada")
		role.Policy, role.PolicyARNs = value("{}"), []string{"arn:1", "arn:2"}
		role.Tags = []config.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}}
		role.TransitiveTags = []string{"a", "b"}
		return role
	}
	tests := []struct {
		name   string
		change func(source, role *config.Step)
		shared bool
	}{
		{"nothing", func(_, _ *config.Step) {}, true},
		{"profile", func(s, r *config.Step) { s.Profile, r.Profile = "x", "y" }, true},
		{"region", func(_, r *config.Step) { r.Endpoint.Region = value("us-east-1") }, true},
		{"FIPS", func(_, r *config.Step) { r.Endpoint.FIPS = true }, true},
		{"default duration", func(_, r *config.Step) { r.Duration.Seconds = 3600 }, true},
		{"order of tags", func(_, r *config.Step) { r.Tags = []config.Tag{r.Tags[1], r.Tags[0]} }, true},
		{"order of policies", func(_, r *config.Step) { r.PolicyARNs = []string{"arn:2", "arn:1"} }, true},
		{"same key in a file", func(s, _ *config.Step) {
			*s = config.Step{Kind: config.StaticKeys, AccessKeyID: value("AKIAK"), SecretAccessKey: secret("s")}
		}, true},
		{"key", func(s, _ *config.Step) { s.Key = value("L") }, false},
		{"partition", func(_, r *config.Step) { r.Endpoint.Region = value("cn-north-1") }, false},
		{"global endpoint", func(_, r *config.Step) { r.Endpoint.Region = value("aws-global") }, false},
		{"endpoint", func(_, r *config.Step) { r.Endpoint.URL = value("http://127.0.0.1:1") }, false},
		{"duration", func(_, r *config.Step) { r.Duration.Seconds = 900 }, false},
		{"role", func(_, r *config.Step) { r.RoleARN.Text += "2" }, false},
		{"external id", func(_, r *config.Step) { r.ExternalID = value("") }, false},
		{"session name", func(_, r *config.Step) { r.SessionName = value("other") }, false},
		{"source identity", func(_, r *config.Step) { r.SourceIdentity = value("bob") }, false},
		{"policy", func(_, r *config.Step) { r.Policy = value("{ }") }, false},
		{"policies", func(_, r *config.Step) { r.PolicyARNs = r.PolicyARNs[:1] }, false},
		{"tag", func(_, r *config.Step) { r.Tags = r.Tags[:1] }, false},
		{"tag's value", func(_, r *config.Step) { r.Tags[0].Value = "3" }, false},
		{"transitive tags", func(_, r *config.Step) { r.TransitiveTags = nil }, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHouse(t)
			h.aws.latency = 0
			s, r := source("K"), full()
			h.chain("one", s, r)
			s, r = source("K"), full()
			test.change(&s, &r)
			h.chain("two", s, r)
			one, two := h.must(t, "one", nil), h.must(t, "two", nil)
			if shared := one.AccessKeyID == two.AccessKeyID; shared != test.shared {
				t.Errorf("shared: %t, want %t", shared, test.shared)
			}
		})
	}
}

func TestRoleSessionNameLeadsToThePerson(t *testing.T) {
	named, identified, plain := roleStep("named"), roleStep("identified"), roleStep("plain")
	named.SessionName, identified.SourceIdentity = value("chosen"), value("ada@example.org")
	tests := []struct {
		user string
		step config.Step
		want string
	}{
		{"ada", named, "chosen"},
		{"ada", identified, "mfad-ada@example.org"},
		{"ada", plain, "mfad-ada"},
		{`HOME\Ada Lovelace`, plain, "mfad-HOME-Ada-Lovelace"},
		{"", plain, "mfad"},
		{strings.Repeat("a", 100), plain, "mfad-" + strings.Repeat("a", 59)},
		{"ädä", plain, "mfad--d-"},
	}
	for _, test := range tests {
		h := newHouse(t, func(o *credproc.Options) { o.SessionName = test.user })
		h.aws.latency = 0
		h.chain("role", source("K"), test.step)
		h.must(t, "role", nil)
		if h.aws.sessionName != test.want {
			t.Errorf("user %q: session name %q, want %q", test.user, h.aws.sessionName, test.want)
		}
	}
}

func TestAccountOfAnARNAndOfNothingElse(t *testing.T) {
	for text, want := range map[string]string{
		"arn:aws:iam::123456789012:role/a:b":            "123456789012",
		"arn:aws-cn:sts::123456789012:assumed-role/a/b": "123456789012",
		"arn:aws:iam::aws:policy/ReadOnlyAccess":        "",
		"urn:aws:iam::123456789012:role/a":              "",
		"arn:aws:iam::123456789012":                     "",
		"GAHT12345678":                                  "",
	} {
		if got := credproc.AccountOf(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
