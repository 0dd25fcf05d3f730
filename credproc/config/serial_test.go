package config

import (
	"strings"
	"testing"
)

// A profile whose device can give no code is refused before anything is asked.
func TestResolveRefusesADeviceThatGivesNoCode(t *testing.T) {
	const profile = "[profile p]\nmfad_access_key = base\nregion = eu-west-1\n"
	const chinese = "arn:aws-cn:iam::111122223333:role/r"
	for _, row := range []struct{ role, serial, want string }{
		{"", "arn:aws:iam::111122223333:u2f/user/jo/key", ":4: mfa_serial"},
		{admin, "1234567890", "digits alone"},
		{admin, "arn:aws-cn:iam::111122223333:mfa/phone", "is a device of partition aws-cn, and role"},
		{chinese, userDevice, "is a device of partition aws, and role"},
		{chinese, "arn:aws-cn:iam::111122223333:mfa/phone", ""},
		{chinese, "GAHT12345678", ""},
	} {
		text := profile + "mfa_serial = " + row.serial + "\n"
		if row.role != "" {
			text += "role_arn = " + row.role + "\n"
		}
		if row.role == chinese {
			text = strings.Replace(text, "eu-west-1", "cn-north-1", 1)
		}
		_, err := setup(t, text, "", "", nil).Resolve(Query{Profile: "p"})
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s by %s: %v, want %q", row.role, row.serial, err, row.want)
		}
	}
}
