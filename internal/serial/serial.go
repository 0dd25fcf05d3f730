// Package serial judges the serial numbers by which AWS knows MFA devices, such
// as arn:aws:iam::123456789012:mfa/alice, or GAHT12345678 on a fob.
//
// It is the one rule for settings, items of a vault and parameters: what it
// refuses can never give a code that AWS takes. It does not know whether a
// device exists, or whose it is.
package serial

import (
	"fmt"
	"strings"
)

// The bounds of AWS's API reference,
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html.
const (
	shortest, longest = 9, 256

	digits  = "0123456789"
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// advice is what to write instead.
const advice = "write its ARN, arn:aws:iam::ACCOUNT:mfa/NAME, or the serial number of the fob"

// Check says in a sentence, which quotes the serial number, why it can never
// give a code; nil when it may.
func Check(serial string) error {
	if len(serial) > longest || strings.Trim(serial, letters+digits+"_+=/:,.@-") != "" {
		return fmt.Errorf("%.80q is not an MFA device: %s", serial, advice)
	}
	if strings.HasPrefix(serial, "arn:") {
		return checkARN(serial)
	}
	return checkFob(serial)
}

// kinds are resources of IAM that people take for a device, with the reason why
// they are none.
var kinds = []struct{ resource, why string }{
	{"u2f/", "is a security key or passkey, which AWS takes in its console only: it gives no code; " +
		"enrol an authenticator app (TOTP) for the user as well, and write that one's ARN"},
	{"sms-mfa/", "is a phone that got codes by SMS, which AWS has ended: enrol an authenticator app (TOTP), and write its ARN"},
	{"user/", "is a user, not an MFA device: write the ARN of the user's device, arn:aws:iam::ACCOUNT:mfa/NAME"},
	{"role/", "is a role, not an MFA device: write the ARN of the device of the user who assumes it, arn:aws:iam::ACCOUNT:mfa/NAME"},
}

func checkARN(serial string) error {
	parts := strings.SplitN(serial, ":", 6)
	if len(parts) == 6 {
		for _, kind := range kinds {
			if strings.HasPrefix(parts[5], kind.resource) {
				return fmt.Errorf("%.80q %s", serial, kind.why)
			}
		}
	}
	if len(parts) != 6 || parts[2] != "iam" || parts[3] != "" || !isPartition(parts[1]) || !isAccount(parts[4]) || !isDevice(parts[5]) {
		return fmt.Errorf("%.80q is not the ARN of an MFA device, which looks like arn:aws:iam::123456789012:mfa/NAME: copy it again", serial)
	}
	return nil
}

// isPartition knows the form alone: AWS adds partitions.
func isPartition(s string) bool {
	return (s == "aws" || strings.HasPrefix(s, "aws-")) && strings.Trim(s, letters+digits+"-") == ""
}

func isAccount(s string) bool { return len(s) == 12 && strings.Trim(s, digits) == "" }

// isDevice takes a name, or a path and a name, behind mfa/.
func isDevice(resource string) bool {
	name, ok := strings.CutPrefix(resource, "mfa/")
	return ok && !strings.Contains(name, ":") && name != "" && !strings.HasSuffix(name, "/")
}

// checkFob takes what is printed on the back of a fob, such as GAHT12345678:
// makers put letters before the digits.
func checkFob(serial string) error {
	switch {
	case serial == "":
		return fmt.Errorf("the serial number is empty: %s", advice)
	case strings.Trim(serial, digits) == "":
		return fmt.Errorf("%.80q is not an MFA device but digits alone, as an account or a phone has: %s", serial, advice)
	case len(serial) < shortest, strings.ContainsAny(serial, "/:,@="), !strings.ContainsAny(serial, digits):
		return fmt.Errorf("%.80q is not an MFA device: %s", serial, advice)
	}
	return nil
}

// Partition is the part of AWS that a device or role belongs to, such as
// "aws-cn": the second part of its ARN; empty for a fob, which tells none.
func Partition(arn string) string {
	parts := strings.SplitN(arn, ":", 3)
	if len(parts) < 3 || parts[0] != "arn" {
		return ""
	}
	return parts[1]
}

// CheckPartition refuses a device of another partition than the role's: its
// users cannot assume the role. A fob goes with all.
func CheckPartition(serial, role string) error {
	device, wanted := Partition(serial), Partition(role)
	if device == "" || wanted == "" || device == wanted {
		return nil
	}
	return fmt.Errorf("%.80q is a device of partition %s, and role %.80q is of %s: no user of the one can assume a role of the other",
		serial, device, role, wanted)
}
