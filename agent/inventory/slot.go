package inventory

import "github.com/mfad/mfad/keystore"

// KeychainSlot is what stands beside a slot that the OS keychain opens.
type KeychainSlot struct {
	Account string // of the entry in the keychain
}

// Facts are those of the slot.
func (k KeychainSlot) Facts() map[string]string { return map[string]string{entryFact: k.Account} }

// KeychainSlotOf reads the facts of a slot.
func KeychainSlotOf(s keystore.Slot) KeychainSlot { return KeychainSlot{s.Facts[entryFact]} }

// TokenSlot is what stands beside a slot that a token opens. What a kind of
// token does not have is empty.
type TokenSlot struct {
	Identity string // what age-plugin-mfad finds the key by
	Token    string // the token in words
	Serial   string // of the token
	PIN      string // when the key wants it, as far as that is known
	Touch    string // likewise
	Make     string // the AAGUID of a FIDO2 key: all of one make have the same
	PIVSlot  string // two hexadecimal digits
}

// Facts are those of the slot.
func (t TokenSlot) Facts() map[string]string {
	return filled(map[string]string{
		identityFact: t.Identity, tokenFact: t.Token, tokenSerialFact: t.Serial,
		pinFact: t.PIN, touchFact: t.Touch, makeFact: t.Make, pivSlotFact: t.PIVSlot,
	})
}

// TokenSlotOf reads the facts of a slot; of one that no token opens, it is empty.
func TokenSlotOf(s keystore.Slot) TokenSlot {
	return TokenSlot{
		Identity: s.Facts[identityFact], Token: s.Facts[tokenFact], Serial: s.Facts[tokenSerialFact],
		PIN: s.Facts[pinFact], Touch: s.Facts[touchFact], Make: s.Facts[makeFact], PIVSlot: s.Facts[pivSlotFact],
	}
}
