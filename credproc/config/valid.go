package config

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mfad/mfad/credproc/config/syntax"
)

// The patterns of AWS's API reference, without regexp: this package is linked
// into a program that starts in two milliseconds.

const (
	digits       = "0123456789"
	capitals     = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	smalls       = "abcdefghijklmnopqrstuvwxyz"
	alphanumeric = digits + capitals + smalls
)

// charset is a text of so many characters, all out of the letters, the digits
// and extra.
type charset struct {
	least, most int
	extra       string
}

func (c charset) has(s string) bool {
	for i := range len(s) {
		if strings.IndexByte(alphanumeric, s[i]) < 0 && strings.IndexByte(c.extra, s[i]) < 0 {
			return false
		}
	}
	return c.least <= len(s) && len(s) <= c.most
}

// ValidName says whether mfad writes profiles of that name:
// [A-Za-z0-9_.@/+:-]{1,64}, not beginning with a hyphen, which a command line
// would take for a flag. Go SDKs pass the name to a shell. It serves more names
// than that: those that somebody wrote into AWS's files and AWS's tools take.
func ValidName(name string) bool {
	return charset{1, 64, "_.@/+:-"}.has(name) && name[0] != '-'
}

// CheckName is ValidName with an error for the person.
func CheckName(profile string) error {
	if ValidName(profile) {
		return nil
	}
	return fmt.Errorf("%w %q: write 1 to 64 letters, digits or _.@/+:-, and no hyphen first", ErrBadName, profile)
}

// checkServed refuses a name that no profile can have.
func checkServed(profile string) error {
	if syntax.IsName(profile) {
		return nil
	}
	return fmt.Errorf("%w %.80q: write the name as \"%s profile list\" shows it", ErrBadName, profile, ProgramName)
}

// isRegion is strict because the name ends up in a host name: a region "s3"
// would make sts.s3.amazonaws.com, which is somebody's bucket.
func isRegion(s string) bool {
	parts := strings.Split(s, "-")
	if n := len(parts); len(s) > 32 || n < 3 || n > 5 || parts[0] == "fips" {
		return false
	}
	for i, part := range parts {
		letters, numbers := strings.Trim(part, smalls) == "", strings.Trim(part, digits) == ""
		switch {
		case part == "":
			return false
		case i == 0 && (!letters || len(part) < 2 || len(part) > 4):
			return false
		case i == len(parts)-1 && (!numbers || len(part) > 2):
			return false
		case i < len(parts)-1 && !letters:
			return false
		}
	}
	return true
}

// isLabel is a region of a service that is not AWS's: it is only signed.
func isLabel(s string) bool { return charset{1, 63, "-_"}.has(s) }

// isARN checks partition, service, the 12 digits of the account (or "aws",
// for managed policies) and the kind of resource.
func isARN(s, service, resource string) bool {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || len(s) > 2048 || parts[0] != "arn" || parts[2] != service || parts[3] != "" {
		return false
	}
	if !(charset{1, 32, "-"}).has(parts[1]) {
		return false
	}
	account := parts[4]
	if !isAccount(account) && (account != "aws" || resource != "policy/") {
		return false
	}
	name, ok := strings.CutPrefix(parts[5], resource)
	return ok && name != "" && strings.IndexFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f }) < 0
}

func isAccount(s string) bool { return len(s) == 12 && strings.Trim(s, digits) == "" }

// partitionOfARN is the second part of an ARN.
func partitionOfARN(arn string) string {
	parts := strings.SplitN(arn, ":", 3)
	if len(parts) < 3 {
		return ""
	}
	return parts[1]
}

func isSessionName(s string) bool { return charset{2, 64, "_+=,.@-"}.has(s) }
func isExternalID(s string) bool  { return charset{2, 1224, "_+=,.@:/-"}.has(s) }
func isAccessKeyID(s string) bool { return charset{16, 128, "_"}.has(s) }

// parseSeconds is a whole number in the range, in digits alone.
func parseSeconds(s string, least, most int64) (int32, bool) {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil || int64(n) < least || int64(n) > most {
		return 0, false
	}
	return int32(n), true
}

func isTagText(s string, least, most int) bool {
	n := utf8.RuneCountInString(s)
	return utf8.ValidString(s) && least <= n && n <= most && strings.IndexFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.Is(unicode.Z, r) && !strings.ContainsRune("_.:/=+-@", r)
	}) < 0
}

func isPolicy(s string) bool {
	return len(s) <= 2048 && strings.HasPrefix(s, "{") && json.Valid([]byte(s))
}
