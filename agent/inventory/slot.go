package inventory

import (
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// KeychainSlot is what stands beside a slot that the OS keychain opens.
type KeychainSlot struct {
	Account string // of the entry in the keychain
}

// Facts are those of the slot.
func (k KeychainSlot) Facts() map[string]string { return map[string]string{entryFact: k.Account} }

// KeychainSlotOf reads the facts of a slot.
func KeychainSlotOf(s keystore.Slot) KeychainSlot { return KeychainSlot{s.Facts[entryFact]} }

// TokenSlot is what stands beside a slot that a token opens, whatever its kind.
// The kind adds facts of its own, which it alone reads: see [token.Kind].
type TokenSlot struct {
	Identity string // what age-plugin-mfad finds the key by
	Token    string // the token in words
	Serial   string // of the token; may be empty
}

// Facts are those of the slot.
func (t TokenSlot) Facts() map[string]string {
	return map[string]string{token.FactIdentity: t.Identity, token.FactModel: t.Token, token.FactSerial: t.Serial}
}

// TokenSlotOf reads the facts of a slot; of one that no token opens, it is empty.
func TokenSlotOf(s keystore.Slot) TokenSlot {
	return TokenSlot{s.Facts[token.FactIdentity], s.Facts[token.FactModel], s.Facts[token.FactSerial]}
}
