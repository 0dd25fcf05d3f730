package inventory

import (
	"fmt"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/keystore"
)

// Key is an AWS access key: its secret is the secret access key alone.
type Key struct {
	Held
	AccessKeyID string
}

// NewKey is an access key that the vault has not got yet.
func NewKey(name, accessKeyID string) Key {
	k := Key{AccessKeyID: accessKeyID}
	k.Name = name
	return k
}

func keyOf(item keystore.Item) Key {
	return Key{Held: held(item, keystore.KindOATHKey), AccessKeyID: item.Facts[keyIDFact]}
}

func (k *Key) describe() (keystore.Kind, map[string]string) {
	return k.place(keystore.KindAccessKey, keystore.KindOATHKey, map[string]string{keyIDFact: k.AccessKeyID})
}

// Keys lists the access keys, oldest first.
func Keys(v *keystore.Vault) []Key { return all[Key](v) }

// KeyNamed finds an access key by its name, which no two have.
func KeyNamed(v *keystore.Vault, name string) (Key, bool) {
	return first(v, func(k Key) bool { return k.Name == name })
}

// KeyOfID finds an access key by its public half.
func KeyOfID(v *keystore.Vault, accessKeyID string) (Key, bool) {
	return first(v, func(k Key) bool { return k.AccessKeyID == accessKeyID })
}

// FindKey is [KeyNamed] with an error that wraps [credproc.ErrNoKey].
func FindKey(v *keystore.Vault, name string) (Key, error) {
	key, found := KeyNamed(v, name)
	if !found {
		return Key{}, errcode.With(fmt.Errorf("%w: the vault has none named %.80q", credproc.ErrNoKey, name), "key", name)
	}
	return key, nil
}
