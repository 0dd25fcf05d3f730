package inventory

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/keystore"
)

// Trust is what the person has vouched for: that requests of an identity may go
// to endpoints that are not AWS's. It has no secret. The identity is an access
// key id, whether the key is in the vault or in a file, or the command that gives
// credentials.
type Trust struct {
	Entry
	Endpoints []string // as package trust writes them
}

// TrustOf reads the trust of an identity; without an item there is none, and the
// Trust is fit to be stored.
func TrustOf(v *keystore.Vault, identity string) Trust {
	name := trustName(identity)
	item, found := v.Find(keystore.KindTrust, name)
	if !found {
		return Trust{Entry: Entry{Name: name}}
	}
	return Trust{Entry: Entry{name, item}, Endpoints: strings.Fields(item.Facts[endpointsFact])}
}

func (t *Trust) describe() (keystore.Kind, map[string]string) {
	return keystore.KindTrust, map[string]string{endpointsFact: strings.Join(t.Endpoints, " ")}
}

// trustName is the name of an identity's item: an access key id, or a digest of
// what cannot be a name, such as the command line of a process.
func trustName(identity string) string {
	if config.ValidName(identity) {
		return identity
	}
	return fmt.Sprintf("sha256:%.28x", sha256.Sum256([]byte(identity)))
}
