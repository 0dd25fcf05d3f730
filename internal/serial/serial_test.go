package serial_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mfad/mfad/internal/serial"
)

const device = "arn:aws:iam::123456789012:mfa/"

func TestCheckTakesWhatGivesCodes(t *testing.T) {
	for _, good := range []string{
		device + "alice",
		device + "alice+2@example.com",
		device + "division_abc/team=1/alice",
		device + "root-account-mfa-device",
		"arn:aws-cn:iam::123456789012:mfa/alice",
		"arn:aws-us-gov:iam::123456789012:mfa/alice",
		"arn:aws-iso-b:iam::123456789012:mfa/alice",
		"GAHT12345678", "gakt0123456", "HS-1234567", "SPGT1234_5678",
	} {
		if err := serial.Check(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}

func TestCheckSaysWhyOneNeverGivesACode(t *testing.T) {
	for bad, why := range map[string]string{
		"arn:aws:iam::123456789012:u2f/user/alice/key-ABC": "in its console only",
		"arn:aws:iam::123456789012:u2f/root-account/key":   "in its console only",
		"arn:aws:iam::123456789012:sms-mfa/alice":          "by SMS",
		"arn:aws:iam::123456789012:user/alice":             "is a user",
		"arn:aws:iam::123456789012:role/admin":             "is a role",
		"arn:aws:iam::123456789012:oidc-provider/x":        "not the ARN of an MFA device",
		"arn:aws:iam::12345678901:mfa/alice":               "not the ARN of an MFA device",
		"arn:aws:iam::ACCOUNT:mfa/alice":                   "not the ARN of an MFA device",
		"arn:aws:iam:us-east-1:123456789012:mfa/alice":     "not the ARN of an MFA device",
		"arn:aws:sts::123456789012:mfa/alice":              "not the ARN of an MFA device",
		"arn:google:iam::123456789012:mfa/alice":           "not the ARN of an MFA device",
		"arn:aws:iam::123456789012:mfa":                    "not the ARN of an MFA device",
		device:                                             "not the ARN of an MFA device",
		device + "path/":                                   "not the ARN of an MFA device",
		device + "a:b":                                     "not the ARN of an MFA device",
		"arn:aws:iam":                                      "not the ARN of an MFA device",
		device + "al ice":                                  "not an MFA device",
		device + "ålice":                                   "not an MFA device",
		device + strings.Repeat("a", 256):                  "not an MFA device",
		"":                                                 "is empty",
		"1234567890":                                       "digits alone",
		"123456789012":                                     "digits alone",
		"GAHT1234":                                         "not an MFA device",
		"mfa/alice123":                                     "not an MFA device",
		"alice-phone":                                      "not an MFA device",
		"a1@corp.example":                                  "not an MFA device",
	} {
		if err := serial.Check(bad); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %q", bad, err, why)
		}
	}
}

func TestCheckPartitionComparesWhatTellsOne(t *testing.T) {
	const china = "arn:aws-cn:iam::123456789012:role/admin"
	for _, serials := range []string{"arn:aws-cn:iam::123456789012:mfa/alice", "GAHT12345678"} {
		if err := serial.CheckPartition(serials, china); err != nil {
			t.Errorf("%s: %v", serials, err)
		}
	}
	if err := serial.CheckPartition(device+"alice", ""); err != nil {
		t.Errorf("without a role: %v", err)
	}
	err := serial.CheckPartition(device+"alice", china)
	if err == nil || !strings.Contains(err.Error(), "aws-cn") {
		t.Errorf("another partition: %v", err)
	}
}

func TestCodesThatAWSTakes(t *testing.T) {
	for _, row := range []struct {
		digits    int
		period    time.Duration
		algorithm string
		taken     bool
	}{
		{serial.Digits, serial.Period, serial.Algorithm, true},
		{0, 0, "", true},
		{8, serial.Period, serial.Algorithm, false},
		{serial.Digits, time.Minute, serial.Algorithm, false},
		{serial.Digits, serial.Period, "SHA256", false},
	} {
		if err := serial.CheckCodes(row.digits, row.period, row.algorithm); (err == nil) != row.taken {
			t.Errorf("%+v: %v", row, err)
		}
	}
}
