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
		return roleOf("role", func(r *config.Role) {
			r.ExternalID, r.SessionName, r.SourceIdentity = value("external"), value("name"), value("ada")
			r.Policy, r.PolicyARNs = value("{}"), []string{"arn:1", "arn:2"}
			r.Tags = []config.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}}
			r.TransitiveTags = []string{"a", "b"}
		})
	}
	tests := []struct {
		name   string
		change func(source, role *config.Step, r *config.Role)
		shared bool
	}{
		{"nothing", func(_, _ *config.Step, _ *config.Role) {}, true},
		{"profile", func(s, role *config.Step, _ *config.Role) { s.Profile, role.Profile = "x", "y" }, true},
		{"region", func(_, _ *config.Step, r *config.Role) { r.Endpoint.Region = value("us-east-1") }, true},
		{"FIPS", func(_, _ *config.Step, r *config.Role) { r.Endpoint.FIPS = true }, true},
		{"default duration", func(_, _ *config.Step, r *config.Role) { r.Duration.Seconds = 3600 }, true},
		{"order of tags", func(_, _ *config.Step, r *config.Role) { r.Tags = []config.Tag{r.Tags[1], r.Tags[0]} }, true},
		{"order of policies", func(_, _ *config.Step, r *config.Role) { r.PolicyARNs = []string{"arn:2", "arn:1"} }, true},
		{"same key in a file", func(s, _ *config.Step, _ *config.Role) {
			*s = config.Step{Spec: config.StaticKeys{ID: value("AKIAK"), Secret: secret("s")}}
		}, true},
		{"key", func(s, _ *config.Step, _ *config.Role) { s.Spec = config.VaultKey{Name: value("L")} }, false},
		{"partition", func(_, _ *config.Step, r *config.Role) { r.Endpoint.Region = value("cn-north-1") }, false},
		{"global endpoint", func(_, _ *config.Step, r *config.Role) { r.Endpoint.Region = value("aws-global") }, false},
		{"endpoint", func(_, _ *config.Step, r *config.Role) { r.Endpoint.URL = value("http://127.0.0.1:1") }, false},
		{"duration", func(_, _ *config.Step, r *config.Role) { r.Duration.Seconds = 900 }, false},
		{"role", func(_, _ *config.Step, r *config.Role) { r.ARN.Text += "2" }, false},
		{"external id", func(_, _ *config.Step, r *config.Role) { r.ExternalID = value("") }, false},
		{"session name", func(_, _ *config.Step, r *config.Role) { r.SessionName = value("other") }, false},
		{"source identity", func(_, _ *config.Step, r *config.Role) { r.SourceIdentity = value("bob") }, false},
		{"policy", func(_, _ *config.Step, r *config.Role) { r.Policy = value("{ }") }, false},
		{"policies", func(_, _ *config.Step, r *config.Role) { r.PolicyARNs = r.PolicyARNs[:1] }, false},
		{"where one field ends", func(_, _ *config.Step, r *config.Role) {
			r.ExternalID, r.SessionName = value("externaln"), value("ame")
		}, false},
		{"which set has it", func(_, _ *config.Step, r *config.Role) {
			r.PolicyARNs, r.TransitiveTags = []string{"arn:1"}, []string{"arn:2", "a", "b"}
		}, false},
		{"device", func(_, _ *config.Step, r *config.Role) { r.Serial = value(phone) }, false},
		{"tag", func(_, _ *config.Step, r *config.Role) { r.Tags = r.Tags[:1] }, false},
		{"tag's value", func(_, _ *config.Step, r *config.Role) { r.Tags[0].Value = "3" }, false},
		{"transitive tags", func(_, _ *config.Step, r *config.Role) { r.TransitiveTags = nil }, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHouse(t)
			h.aws.latency = 0
			s, r := source("K"), full()
			h.chain("one", s, r)
			s, r = source("K"), full()
			test.change(&s, &r, r.Spec.(*config.Role))
			h.chain("two", s, r)
			one, two := h.must(t, "one", nil), h.must(t, "two", nil)
			if shared := one.AccessKeyID == two.AccessKeyID; shared != test.shared {
				t.Errorf("shared: %t, want %t", shared, test.shared)
			}
		})
	}
}

// A code of one device proves nothing about another.
func TestSessionsOfTwoDevicesAreTwo(t *testing.T) {
	h := newHouse(t)
	h.aws.latency = 0
	h.session("one", "K", phone)
	h.session("two", "K", "GAHT12345678")
	if one, two := h.must(t, "one", nil), h.must(t, "two", nil); one.AccessKeyID == two.AccessKeyID {
		t.Error("the session of one device is given for the other")
	}
}

func TestRoleSessionNameLeadsToThePerson(t *testing.T) {
	named := roleOf("named", func(r *config.Role) { r.SessionName = value("chosen") })
	identified := roleOf("identified", func(r *config.Role) { r.SourceIdentity = value("ada@example.org") })
	plain := roleStep("plain")
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
