package inventory

import (
	"slices"
	"strings"

	"github.com/mfad/mfad/keystore"
)

// Applet is an OATH applet with an access code: the secret is the key to that
// applet, which is derived of the code. Its name is the applet's ID.
type Applet struct {
	Entry
	Serial string // of the token; may be empty
	Model  string // of the token
	Token  string // the token in words
}

// NewApplet is the applet with that ID, which the vault has not got yet.
func NewApplet(id string) Applet { return Applet{Entry: Entry{Name: id}} }

func appletOf(item keystore.Item) Applet {
	a := Applet{
		Entry:  Entry{item.Name, item},
		Serial: item.Facts[tokenSerialFact], Model: item.Facts[modelFact], Token: item.Facts[tokenFact],
	}
	if a.Model == "" { // an older item, with "MODEL (serial SERIAL)"
		a.Model = strings.TrimSuffix(a.Token, " (serial "+a.Serial+")")
	}
	return a
}

func (a *Applet) describe() (keystore.Kind, map[string]string) {
	return keystore.KindOATHAccess, map[string]string{tokenSerialFact: a.Serial, modelFact: a.Model, tokenFact: a.Token}
}

// Applets lists the applets of tokens, which are named by serial or by the
// applet's ID; of all tokens if none is named.
func Applets(v *keystore.Vault, tokens ...string) []Applet {
	return slices.DeleteFunc(all[Applet](v), func(a Applet) bool {
		return len(tokens) > 0 && !slices.Contains(tokens, a.Serial) &&
			!slices.ContainsFunc(tokens, func(t string) bool { return strings.EqualFold(t, a.Name) })
	})
}

// AppletNamed finds an applet by its ID as it stands in the vault.
func AppletNamed(v *keystore.Vault, id string) (Applet, bool) {
	return first(v, func(a Applet) bool { return a.Name == id })
}
