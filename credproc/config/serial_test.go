package config

import (
	"strings"
	"testing"
)

func TestSerialNamesADeviceThatGivesCodes(t *testing.T) {
	for _, row := range []struct{ serial, want string }{
		{"arn:aws:iam::111122223333:mfa/phone", ""},
		{"arn:aws:iam::111122223333:mfa/team/path/phone", ""},
		{"arn:aws:iam::111122223333:mfa/jo+x=,.@-_", ""},
		{"arn:aws:iam::111122223333:mfa/root-account-mfa-device", ""},
		{"arn:aws-cn:iam::111122223333:mfa/phone", ""},
		{"arn:aws-us-gov:iam::111122223333:mfa/phone", ""},
		{"GAHT12345678", ""},
		{"GAHT1234-5678", ""},
		{"arn:aws:iam::111122223333:u2f/user/jo/key", "security key or passkey"},
		{"arn:aws:iam::111122223333:sms-mfa/jo", "ended MFA by text message"},
		{"arn:aws:iam::111122223333:user/jo", "the user, not the user's device"},
		{"arn:aws:iam::111122223333:role/admin", "a role, not a device"},
		{"arn:aws:iam::111122223333:oidc-provider/x", "is not an MFA device"},
		{"arn:aws:iam::111122223333:mfa/", "is not an MFA device"},
		{"arn:aws:iam::11112222333:mfa/phone", "is not an MFA device"},
		{"arn:aws:iam::aws:mfa/phone", "is not an MFA device"},
		{"arn:aws:sts::111122223333:mfa/phone", "is not an MFA device"},
		{"arn:aws:iam:eu-west-1:111122223333:mfa/phone", "is not an MFA device"},
		{"arn:amazon:iam::111122223333:mfa/phone", "is not an MFA device"},
		{"ARN:AWS:IAM::111122223333:MFA/PHONE", "is not an MFA device"},
		{"mfa/phone/of/mine", "is not an MFA device"},
		{"1234567890", "digits alone"},
		{"111122223333", "digits alone"},
		{"GAHT1234", "is not an MFA device"},
		{"phone of jo", "is not an MFA device"},
		{"", "is not an MFA device"},
	} {
		err := CheckSerial(row.serial)
		switch {
		case row.want == "" && err != nil:
			t.Errorf("%q: %v", row.serial, err)
		case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), "write arn:aws:iam::ACCOUNT:mfa/NAME")):
			t.Errorf("%q: %v, want %q and what to write", row.serial, err, row.want)
		}
	}
}

// A profile whose device can give no code is refused before anything is asked.
func TestResolveRefusesADeviceThatGivesNoCode(t *testing.T) {
	const profile = "[profile p]\nmfad_access_key = base\nregion = eu-west-1\n"
	const chinese = "arn:aws-cn:iam::111122223333:role/r"
	for _, row := range []struct{ role, serial, want string }{
		{"", "arn:aws:iam::111122223333:u2f/user/jo/key", ":4: mfa_serial"},
		{admin, "1234567890", "digits alone"},
		{admin, "arn:aws-cn:iam::111122223333:mfa/phone", "a device of partition aws-cn, and the role is of aws"},
		{chinese, userDevice, "a device of partition aws, and the role is of aws-cn"},
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
