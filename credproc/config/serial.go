package config

import (
	"fmt"
	"strings"
)

// validSerial says whether STS takes that as the serial number of an MFA device
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html).
// What it takes need not be a device that gives codes: [CheckSerial] says that.
func validSerial(s string) bool { return charset{9, 256, "_+=/:,.@-"}.has(s) }

// noCodes are the kinds of resource that people take for a device, each with
// the reason why it never gives a code.
var noCodes = []struct{ resource, reason string }{
	{"u2f/", "is a security key or passkey, which AWS takes in its console only: it gives no codes"},
	{"sms-mfa/", "is a telephone, and AWS has ended MFA by text message"},
	{"user/", "is the user, not the user's device"},
	{"role/", "is a role, not a device"},
}

const deviceForm = "write arn:aws:iam::ACCOUNT:mfa/NAME, or the serial number of the fob"

// CheckSerial refuses what cannot name a device that gives codes: a virtual one
// (arn:PARTITION:iam::ACCOUNT:mfa/PATH/NAME, the root user's too) or a fob
// (GAHT12345678). The error quotes the text and says why, in one line, with
// what to write.
func CheckSerial(serial string) error {
	reason := serialFault(serial)
	if reason == "" {
		return nil
	}
	return fmt.Errorf("%.80q %s; %s", serial, reason, deviceForm)
}

func serialFault(serial string) string {
	switch {
	case !validSerial(serial):
		return "is not an MFA device"
	case strings.Trim(serial, digits) == "":
		return "is digits alone, such as an account or a telephone has; a fob's serial number begins with letters"
	case !strings.HasPrefix(serial, "arn:"):
		if strings.ContainsAny(serial, ":/") {
			return "is not an MFA device"
		}
		return ""
	case isARN(serial, "iam", "mfa/") && isPartition(partitionOfARN(serial)):
		return ""
	}
	for _, n := range noCodes {
		if isARN(serial, "iam", n.resource) {
			return n.reason
		}
	}
	return "is not an MFA device"
}

// checkReach refuses a device in another part of AWS than the role: each part
// knows nothing of the other's users. A fob's serial number tells no part.
func checkReach(serial, role string) error {
	device, at := partitionOfARN(serial), partitionOfARN(role)
	if device == "" || device == at {
		return nil
	}
	return fmt.Errorf("%q is a device of partition %s, and the role is of %s; write a device of %s", serial, device, at, at)
}
