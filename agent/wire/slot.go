package wire

// The kinds of slots that no hardware token opens, as Kind of [Slot] and
// [SlotAddParams] have them, and what the slot of [VaultUnlockParams] may name
// beside an ID. A kind that a token opens has there the name of its token.Kind,
// such as "piv".
const (
	SlotPassphrase = "passphrase" // words that a person knows
	SlotKeychain   = "keychain"   // the desktop's keychain
	SlotRecovery   = "recovery"   // a key on paper
	SlotPlugin     = "plugin"     // an age plugin in PATH
)

// ByToken tells whether a hardware token opens the slot.
func (s Slot) ByToken() bool { return s.Identity != "" }
