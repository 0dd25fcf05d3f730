package wire

import (
	"time"

	"github.com/mfad/mfad/internal/sealed"
)

// VaultCreateParams: Keychain is "auto", "yes" or "no". Passphrase "auto" asks
// for one when there is no keychain slot; "yes" always, "no" never.
type VaultCreateParams struct {
	Keychain   string `json:"keychain,omitempty"`
	Passphrase string `json:"passphrase,omitempty"`
	// OneWayIn allows a vault with a single slot.
	OneWayIn bool `json:"oneWayIn,omitempty"`
	// NoRecovery leaves the recovery slot out.
	NoRecovery bool `json:"noRecovery,omitempty"`
}

// VaultCreateResult holds the recovery key, which is kept nowhere else.
type VaultCreateResult struct {
	Vault    Vault       `json:"vault"`
	Recovery sealed.Text `json:"recovery,omitempty"` // AGE-SECRET-KEY-1…
}

// VaultUnlockParams chooses the slot; empty tries those that ask nothing first.
type VaultUnlockParams struct {
	Slot string `json:"slot,omitempty"` // an id or a kind
}

// VaultHoldParams sets for how long an unlock lasts, from the next one on; one
// that lasts now can become shorter. 0 unlocks for each use; negative holds
// until lock. To make it longer takes a proof, even while the vault is open.
type VaultHoldParams struct {
	Seconds int64 `json:"seconds"`
}

// Vault is what can be said of a vault without opening it.
type Vault struct {
	Name       string    `json:"name"`
	Path       string    `json:"path"`
	Generation uint64    `json:"generation"`
	Recipient  string    `json:"recipient"`
	Locked     bool      `json:"locked"`
	HeldUntil  time.Time `json:"heldUntil,omitzero"`
	Hold       int64     `json:"holdSeconds"`
	Slots      []Slot    `json:"slots"`
	Items      []Item    `json:"items"`
}

// Slot is one way into the vault.
type Slot struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	Label   string    `json:"label,omitempty"`
	Created time.Time `json:"created"`
	// Token and Identity are of a slot that a hardware token opens: which one, in
	// words, and what age-plugin-mfad finds the key by, AGE-PLUGIN-MFAD-1….
	Token    string `json:"token,omitempty"`
	Identity string `json:"identity,omitempty"`
}

// Item is one secret's public facts.
type Item struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Kind    string    `json:"kind"`
	Created time.Time `json:"created"`
}

// VaultVerifyResult lists what was checked, and every fault in a sentence.
type VaultVerifyResult struct {
	Items  int      `json:"items"`
	Slots  int      `json:"slots"`
	Faults []string `json:"faults,omitempty"`
}

// SlotAddParams: Kind is passphrase, keychain, recovery, plugin, piv or fido2.
// It takes a proof, even while the vault is open.
type SlotAddParams struct {
	Kind  string `json:"kind"`
	Label string `json:"label,omitempty"`
	// Recipient and Identity are an age plugin's (kind plugin): age1NAME1… and
	// the text of its identity file.
	Recipient string `json:"recipient,omitempty"`
	Identity  string `json:"identity,omitempty"`
	// Token is the serial number of a token (kind piv) or the path of a device
	// (kind fido2); empty: the only one that is plugged in.
	Token string `json:"token,omitempty"`
	// PIVSlot is the PIV slot, "82" to "95", of a key that is there already;
	// empty makes one, with the policies PIN (once, always, never) and Touch
	// (always, cached, never). For kind fido2 PIN is "always" or "never".
	PIVSlot string `json:"pivSlot,omitempty"`
	PIN     string `json:"pin,omitempty"`
	Touch   string `json:"touch,omitempty"`
}

// SlotAddResult holds a new recovery key, for kind recovery.
type SlotAddResult struct {
	Slot     Slot        `json:"slot"`
	Recovery sealed.Text `json:"recovery,omitempty"`
}

// SlotRemoveParams: Last allows removing down to a single way in.
type SlotRemoveParams struct {
	ID   string `json:"id"`
	Last bool   `json:"last,omitempty"`
}
