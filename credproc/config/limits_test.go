package config

import (
	"fmt"
	"strings"
	"testing"
)

// limit is the longest and the shortest that a setting may be, and what is one
// more or less.
type limit struct {
	setting   string
	good, bad []string
}

// tags are n pairs.
func tags(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("k%d=v", i)
	}
	return strings.Join(list, ",")
}

func times(n int) string { return strings.Repeat("a", n) }

// AWS's own limits, of which a request that breaks them costs a code.
func TestSettingsOfRolesKeepAWSsLimits(t *testing.T) {
	const policy = "arn:aws:iam::aws:policy/P"
	for _, l := range []limit{
		{"duration_seconds = %s", []string{"900", "43200", ""}, []string{"899", "43201", "-900", "1e3", "900s", "99999999999"}},
		{"role_session_name = %s", []string{"aa", times(64), "a_+=,.@-Z9"}, []string{"a", times(65), "a b", "ä", "a/b"}},
		{"source_identity = %s", []string{"aa", times(64)}, []string{"a", times(65), "a b"}},
		{"external_id = %s", []string{"aa", times(1224), "a:/b"}, []string{"a", times(1225), "a b"}},
		{"policy = %s", []string{"{}", `{"a":"` + times(2048-8) + `"}`}, []string{"[]", "{", `{"a":"` + times(2048-7) + `"}`}},
		{
			"policy_arns = %s",
			[]string{policy, strings.Repeat(policy+",", 10), "arn:aws:iam::111122223333:policy/a/b"},
			[]string{strings.Repeat(policy+",", 11), "arn:aws:iam::111122223333:role/P", "arn:aws:sts::aws:policy/P", "x" + policy},
		},
		{
			"session_tags = %s",
			[]string{"k=", times(128) + "=v", "k=" + times(256), "ä ö=_.:/=+-@", tags(50)},
			[]string{"k", "=v", times(129) + "=v", "k=" + times(257), "k=#", "Aws:k=v", "k=1,K=2", tags(51)},
		},
		{
			"session_tags = Key=v\ntransitive_session_tags = %s", []string{"Key", "key", ""}, []string{"other", times(129), "Key,#"},
		},
	} {
		for _, set := range []struct {
			values []string
			ok     bool
		}{{l.good, true}, {l.bad, false}} {
			for _, value := range set.values {
				text := "[profile p]\nrole_arn = " + admin + "\nsource_profile = base\n" +
					fmt.Sprintf(l.setting, value) + "\n[profile base]\n" + judgeKeys
				_, err := setup(t, "", text, "", nil).Resolve(Query{Profile: "p"})
				if (err == nil) != set.ok {
					t.Errorf("%s: %v", fmt.Sprintf(l.setting, fmt.Sprintf("%.40q (%d)", value, len(value))), err)
				}
			}
		}
	}
}

func TestKeyIsLongTermAndWhole(t *testing.T) {
	secret := strings.Repeat("aZ9/+=ab", 5)
	id := "AKIA" + strings.Repeat("X2", 6)
	for _, test := range []struct {
		id, secret string
		ok         bool
	}{
		{id, secret, true},
		{"AKIA" + strings.Repeat("X", 124), secret, true},
		{id[:15], secret, false},
		{"AKIA" + strings.Repeat("X", 125), secret, false},
		{"ASIA" + id[4:], secret, false},
		{"AROA" + id[4:], secret, false},
		{strings.ToLower(id), secret, false},
		{id + "-", secret, false},
		{id, secret[1:], false},
		{id, secret + "a", false},
		{id, secret[1:] + "-", false},
		{id, "", false},
	} {
		err := CheckLongTermKey(test.id, []byte(test.secret))
		if (err == nil) != test.ok {
			t.Errorf("%s with %d characters: %v", test.id, len(test.secret), err)
		}
		if err != nil && test.secret != "" && strings.Contains(err.Error(), test.secret) {
			t.Error("the error shows the secret")
		}
	}
}

// A region ends up in a host name.
func TestRegionsAreNames(t *testing.T) {
	for text, ok := range map[string]bool{
		"eu-west-1": true, "us-gov-west-1": true, "us-iso-east-1": true, "mars-north-12": true, "us-iso-b-x-1": true,
		"": false, "s3": false, "eu-west": false, "eu-west-": false, "-west-1": false, "eu--1": false, "e-west-1": false,
		"europ-west-1": false, "eu-west-123": false, "eu-west1-1": false, "EU-west-1": false, "eu1-west-1": false, "eu-west-x": false,
		"fips-west-1": false, "us-a-b-c-d-1": false, "eu-" + times(27) + "-1": true, "eu-" + times(28) + "-1": false,
	} {
		if isRegion(text) != ok {
			t.Errorf("%q: %t", text, !ok)
		}
	}
}

func TestNamesThatMfadWrites(t *testing.T) {
	for name, ok := range map[string]bool{
		"a": true, times(64): true, "a_.@/+:-9Z": true, "": false, times(65): false, "-a": false, "a b": false, "ä": false,
	} {
		if err := CheckName(name); (err == nil) != ok || ValidName(name) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestRoleOfARoleLivesAnHourAtMost(t *testing.T) {
	for seconds, ok := range map[int]bool{3600: true, 3601: false} {
		text := fmt.Sprintf("[profile p]\nrole_arn = %s\nsource_profile = q\nduration_seconds = %d\n", admin, seconds) +
			"[profile q]\nrole_arn = " + admin + "\nsource_profile = base\n[profile base]\n" + judgeKeys
		if _, err := setup(t, "", text, "", nil).Resolve(Query{Profile: "p"}); (err == nil) != ok {
			t.Errorf("%d s: %v", seconds, err)
		}
	}
}

// Keys with a token are temporary, whichever name the token has.
func TestKeysOfTheEnvironmentLiveAsTheirTokenSays(t *testing.T) {
	const text = "[profile p]\nrole_arn = " + admin + "\ncredential_source = Environment\n"
	for token, life := range map[string]Life{"AWS_SESSION_TOKEN": Temporary, "AWS_SECURITY_TOKEN": Temporary, "OTHER": LongTerm} {
		env := map[string]string{"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", token: "z"}
		chain, err := setup(t, "", text, "", env).Resolve(Query{Profile: "p"})
		if err != nil {
			t.Fatal(err)
		}
		if got := chain.Source().Life(); got != life {
			t.Errorf("%s: life %v, want %v", token, got, life)
		}
	}
}
