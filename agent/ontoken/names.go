package ontoken

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"time"

	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/keystore"
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

// KeyName is what the credential of an access key is called.
func KeyName(accessKeyID string) string { return "mfad-key:" + accessKeyID }

// DeviceNames are what a device may be called on a token, the best first: as the
// authenticator apps write it, "ISSUER:ACCOUNT" behind "PERIOD/" if that is not
// 30 s, and by its name in the vault, with a number if need be. No pointer of the
// vault has one of them, not even that of the device which it is to replace, whose
// credential stays as it is until the vault points to the new one; nor are they
// reserved for something that is to come with it.
func DeviceNames(v *keystore.Vault, device string, key *totp.Key, reserved func(name string) bool) (names []string) {
	prefix := ""
	if key.Period != usualPeriod {
		prefix = strconv.Itoa(int(key.Period/time.Second)) + "/"
	}
	free := func(name string) bool { return !inventory.CredentialTaken(v, name) && !reserved(name) }
	if name := prefix + key.Issuer + ":" + key.Account; key.Issuer != "" && key.Account != "" && len(name) <= MaxName && free(name) {
		names = append(names, name)
	}
	own := prefix + "mfad:" + device
	name := shortened(own)
	for n := 2; len(names) < mostNames; n++ {
		if free(name) {
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
