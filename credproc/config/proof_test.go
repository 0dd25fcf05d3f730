package config

import (
	"fmt"
	"testing"
)

// The device of the profile that was asked for counts, then that of each source
// in turn, and it is asked at one step alone.
func TestTheProfileThatIsAskedForChoosesTheDevice(t *testing.T) {
	const device = "arn:aws:iam::111122223333:mfa/"
	profile := func(name, serial, lines string) string {
		text := "[profile " + name + "]\n" + lines
		if serial != "" {
			text += "mfa_serial = " + device + serial + "\n"
		}
		return text
	}
	for _, row := range []struct{ p, q, base, long, want, kind string }{
		{"p", "q", "base", "", "p", "session"},
		{"", "q", "base", "", "q", "session"},
		{"", "", "base", "", "base", "session"},
		{"p", "", "base", "", "p", "session"},
		{"p", "q", "base", "duration_seconds = 7200\n", "p", "role"},
		{"", "q", "base", "duration_seconds = 7200\n", "q", "role"},
		{"", "", "base", "duration_seconds = 7200\n", "base", "role"},
	} {
		text := profile("p", row.p, "role_arn = "+deep+"\nsource_profile = q\n") +
			profile("q", row.q, "role_arn = "+admin+"\nsource_profile = base\n"+row.long) +
			profile("base", row.base, "mfad_access_key = k\n")
		chain, err := setup(t, text, "", "", nil).Resolve(Query{Profile: "p"})
		if err != nil {
			t.Fatal(err)
		}
		var asked []string
		if chain.Steps[1].Exchange().Serial.Text == "" {
			t.Errorf("%v: not the identity proves", chain.Steps)
		}
		for _, s := range chain.Steps[1:] {
			if serial := s.Exchange().Serial; serial.Text != "" {
				asked = append(asked, string(s.Kind())+" "+serial.Text)
			}
		}
		if want := row.kind + " " + device + row.want; len(asked) != 1 || asked[0] != want {
			t.Errorf("%q, %q, %q: %v, want %s", row.p, row.q, row.base, asked, want)
		}
	}
}

// A session lives as long as the first profile on the way says that has no role;
// a role lives as long as its own profile says.
func TestDurationsStayWithTheirSteps(t *testing.T) {
	for _, row := range []struct{ p, q, base, role, session int32 }{
		{1000, 2000, 3000, 1000, 2000},
		{1000, 0, 3000, 1000, 3000},
		{1000, 0, 0, 1000, 0},
		{0, 2000, 3000, 0, 2000},
		{0, 0, 129_600, 0, 129_600},
		{3600, 0, 900, 3600, 900},
	} {
		line := func(seconds int32) string {
			if seconds == 0 {
				return ""
			}
			return fmt.Sprintf("duration_seconds = %d\n", seconds)
		}
		text := "[profile p]\nrole_arn = " + admin + "\nsource_profile = q\n" + line(row.p) +
			"[profile q]\nsource_profile = base\n" + line(row.q) +
			"[profile base]\nmfad_access_key = k\nmfa_serial = " + userDevice + "\n" + line(row.base)
		chain, err := setup(t, text, "", "", nil).Resolve(Query{Profile: "p"})
		if err != nil {
			t.Fatal(err)
		}
		got := map[StepKind]int32{}
		for _, s := range chain.Steps[1:] {
			got[s.Kind()] = s.Exchange().Duration.Seconds
		}
		if len(got) != 2 || got[KindRole] != row.role || got[KindSession] != row.session {
			t.Errorf("%+v: %v", row, got)
		}
	}
}

// AWS refuses GetSessionToken to temporary credentials, and a code with them is
// lost. Long-term keys are never handed out: they get a session in any case.
func TestOnlyLongTermKeysAskForASession(t *testing.T) {
	const role = "role_arn = " + admin + "\n"
	const serial = "mfa_serial = " + userDevice + "\n"
	env := map[string]string{"AWS_ACCESS_KEY_ID": "ASIAX", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}
	for _, row := range []struct{ source, lines, want string }{
		{judgeKeys, "", "static-keys AKIAIOSFODNN7EXAMPLE > session"},
		{judgeKeys, serial, "static-keys AKIAIOSFODNN7EXAMPLE > session mfa"},
		{judgeKeys + "aws_session_token = t\n", "", "static-keys AKIAIOSFODNN7EXAMPLE+token"},
		{judgeKeys + "aws_session_token = t\n", serial, "static-keys AKIAIOSFODNN7EXAMPLE+token"},
		{judgeKeys + "aws_session_token = t\n", role, "static-keys AKIAIOSFODNN7EXAMPLE+token > role admin"},
		{judgeKeys, role, "static-keys AKIAIOSFODNN7EXAMPLE > role admin"},
		{"credential_process = /x\n", "", "process /x"},
		{"credential_process = /x\n", serial, "process /x > session mfa"},
		{"credential_source = Environment\n", role, "environment > role admin"},
		{"credential_source = Ec2InstanceMetadata\n", role, "ec2-instance-metadata > role admin"},
	} {
		text := "[profile q]\n" + row.source + row.lines
		if row.lines == role && row.source[:17] != "credential_source" {
			text = "[profile q]\nsource_profile = base\n" + role + "[profile base]\n" + row.source
		}
		chain, err := setup(t, "", text, "", env).Resolve(Query{Profile: "q"})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if got := sketch(chain); got != row.want {
			t.Errorf("%q: %s, want %s", text, got, row.want)
		}
	}
}
