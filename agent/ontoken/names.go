package ontoken

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mfad/mfad/token/totp"
)

// MaxName is the longest name of a credential of an OATH applet, in bytes.
const MaxName = 64

// usualPeriod is what an applet takes a credential's period for, unless the name
// says otherwise.
const usualPeriod = 30 * time.Second

// mostNames is how many names are tried on a token that has some of them for
// something else.
const mostNames = 6

// What the names begin with that mfad alone gives.
const (
	keyPrefix    = "mfad-key:"
	devicePrefix = "mfad:"
)

// KeyName is what the credential of an access key is called.
func KeyName(accessKeyID string) string { return keyPrefix + accessKeyID }

// isOurs tells whether mfad alone gives a credential such a name: what a token has
// of that name already is of a move that ended half way.
func isOurs(name string) bool {
	if period, rest, behind := strings.Cut(name, "/"); behind && strings.Trim(period, "0123456789") == "" {
		name = rest
	}
	return strings.HasPrefix(name, keyPrefix) || strings.HasPrefix(name, devicePrefix)
}

// DeviceNames are what a device may be called on a token, the best first: as the
// authenticator apps write it, "ISSUER:ACCOUNT" behind "PERIOD/" if that is not
// 30 s, and by its name in the vault, with a number if need be. None of them is
// taken. A name is taken as long as the vault points to a credential of that name,
// even that of the device which is to be replaced: it stays as it is until the
// vault points to the new one.
func DeviceNames(device string, key *totp.Key, taken func(name string) bool) (names []string) {
	prefix := ""
	if key.Period != usualPeriod {
		prefix = strconv.Itoa(int(key.Period/time.Second)) + "/"
	}
	if name := prefix + key.Issuer + ":" + key.Account; key.Issuer != "" && key.Account != "" && len(name) <= MaxName && !taken(name) {
		names = append(names, name)
	}
	own := prefix + devicePrefix + device
	name := shortened(own)
	for n := 2; len(names) < mostNames; n++ {
		if !taken(name) {
			names = append(names, name)
		}
		name = shortened(own + "~" + strconv.Itoa(n)) // which is no device's name
	}
	return names
}

// shortened cuts what is too long for a token, in a way that keeps two names
// apart.
func shortened(name string) string {
	if len(name) <= MaxName {
		return name
	}
	const digest = 8
	return fmt.Sprintf("%s-%.*x", name[:MaxName-digest-1], digest/2, sha256.Sum256([]byte(name)))
}
