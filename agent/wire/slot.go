package wire

// The kinds of slots, as Kind of [Slot] and [SlotAddParams] have them, and what
// the slot of [VaultUnlockParams] may name beside an ID.
const (
	SlotPassphrase = "passphrase" // words that a person knows
	SlotKeychain   = "keychain"   // the desktop's keychain
	SlotRecovery   = "recovery"   // a key on paper
	SlotPIV        = "piv"        // a key in the PIV applet of a token
	SlotFIDO2      = "fido2"      // a FIDO2 key that has hmac-secret
	SlotPlugin     = "plugin"     // an age plugin in PATH
)

// TokenOpens tells whether a hardware token opens slots of that kind.
func TokenOpens(kind string) bool { return kind == SlotPIV || kind == SlotFIDO2 }
