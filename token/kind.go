package token

import (
	"fmt"
	"slices"
	"strings"

	"filippo.io/age/plugin"
)

// A Kind describes one kind of key on a token that can open a vault, to
// programs that touch no hardware: what its identities look like, which
// parameters make a key, which public facts a vault notes of it, and which
// tokens may have it. The program that computes with such keys has a driver of
// the same name (see token/serve).
//
// A new kind is one Kind and one driver. Nothing else knows a kind by its name:
// who needs one looks it up in a list of [Kinds].
//
// A Kind has no state. Its methods ask nobody, wait for nothing, and may be
// called from several goroutines.
type Kind interface {
	// Name is what slots, commands and the protocol call the kind: "piv". Vaults
	// have it on disk, so it never changes.
	Name() string
	// Title is the name in a sentence: "PIV".
	Title() string

	// Recognize tells whether an identity points to a key of this kind, and the
	// serial of its token, in decimal; empty when the identity does not tell. The
	// identity is AGE-PLUGIN-NAME-1… with data in it; what a kind adds to mfad's
	// own begins with a byte that no other kind has.
	Recognize(plugin string, data []byte) (serial string, ok bool)
	// Lanes names what a call for the token with that serial, or for one that is
	// not known when it is empty, takes for itself. Calls that share a lane run
	// one after the other. See [SerialLanes].
	Lanes(serial string) []string

	// Check says what is wrong with the parameters of a key that is to be made,
	// in words for the person who gave them. It may leave what only the token
	// knows to the driver.
	Check(p KeyParams) error
	// Facts are the public facts of the slot that a key opens, beside
	// FactIdentity, FactModel and FactSerial, which every kind has. The names and
	// values stand in vaults: they never change their meaning.
	Facts(p KeyParams, made NewKey) map[string]string

	// Guarded tells whether each use of the key of a slot with these facts takes a
	// person: the token's PIN or a touch. What the facts do not tell is no.
	Guarded(facts map[string]string) bool
	// MayOpen tells whether a token that is plugged in may have the key of a slot
	// with these facts. No means that it is not worth a try.
	MayOpen(t Token, facts map[string]string) bool
	// Keeps tells whether a token that was listed in full has the key of a slot
	// with these facts, as far as that can be seen, and what to remark on it:
	// words that end the sentence "slot piv-1 opens the vault", such as ", with
	// this key or another of its make". It may be empty.
	Keeps(t Token, facts map[string]string) (remark string, ok bool)
}

// The facts of a slot that every kind has.
const (
	FactIdentity = "identity" // what the plugin finds the key by: it is public
	FactModel    = "token"    // what to call the token: "YubiKey 5 NFC (serial 12345678)"
	FactSerial   = "serial"   // of the token; empty when it tells none
)

// Kinds is a list of kinds, in the order in which they are tried.
type Kinds []Kind

// Known are the kinds that mfad has a driver for.
var Known = Kinds{pivKind{}, fido2Kind{}}

// Find is the kind of that name, if there is one.
func (ks Kinds) Find(name string) (Kind, bool) {
	i := slices.IndexFunc(ks, func(k Kind) bool { return k.Name() == name })
	if i < 0 {
		return nil, false
	}
	return ks[i], true
}

// Parse tells the kind of the key that an identity points to, and the serial of
// its token; empty when the identity does not tell. It reads no more. An error
// wraps ErrInvalid and does not quote the text.
func (ks Kinds) Parse(identity string) (k Kind, serial string, err error) {
	name, data, err := plugin.ParseIdentity(identity)
	if err == nil {
		for _, k := range ks {
			if serial, ok := k.Recognize(name, data); ok {
				return k, serial, nil
			}
		}
	}
	return nil, "", fmt.Errorf("%w: this is no identity of a %s key", ErrInvalid, alternatives(ks, Kind.Title))
}

// String lists the names as a sentence has them: "piv or fido2".
func (ks Kinds) String() string { return alternatives(ks, Kind.Name) }

// alternatives joins a word of each kind: "a, b or c".
func alternatives(ks Kinds, word func(Kind) string) string {
	var words []string
	for _, k := range ks {
		words = append(words, word(k))
	}
	last := max(len(words)-1, 0)
	if last == 0 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// KeyParams asks for a key that opens a vault, of the kind of that name.
type KeyParams struct {
	Kind string `json:"kind"`
	// Token is the serial of the token, or for a kind without serials its place;
	// empty: the only one that is plugged in and can do it.
	Token string `json:"token,omitempty"`
	// Wait is for how many seconds to wait for the token to be plugged in, where
	// the kind can tell which one is missing. 0 does not wait.
	Wait int `json:"wait,omitempty"`
	// Slot is where on the token the key is, when one that is there is to be
	// taken; empty makes one.
	Slot string `json:"slot,omitempty"`
	// Touch and PIN say when the key wants a touch and the PIN, in the words of
	// its kind; empty is what the kind thinks best.
	Touch string `json:"touch,omitempty"`
	PIN   string `json:"pin,omitempty"`
}
