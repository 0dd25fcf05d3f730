// Package keystore keeps secrets at rest: a [Vault] of items, opened by any of
// several slots, in plain age files that the stock age command reads too.
//
//	vault.json            what there is: slots, items, hashes, generation, MAC
//	slots/ID.age          the vault's identity, wrapped for one unlocker
//	items/ID-WRITTEN.age  one secret, encrypted to the vault's recipient
//
// The model is that of LUKS: one key, many slots. age proves who can read, not
// who wrote, so vault.json carries an HMAC under a key derived from the
// identity, over everything that it says; and the highest generation seen is
// remembered outside the vault. A flipped bit, and a file that was swapped,
// forged or rolled back, are refused.
//
// What is public: names, kinds, facts and times of items stand in vault.json in
// clear, so that they can be shown while the vault is locked. Until an Unlock
// has verified the MAC they are what the file says, no more.
//
// The package asks nobody anything: the caller brings an [age.Identity] that
// opens a slot. It knows neither tokens nor AWS, and it does not guard against
// a process that can read this one's memory.
package keystore

import (
	"maps"
	"time"

	"filippo.io/age"

	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/errcode"
)

// What a caller may branch on.
var (
	// ErrNoVault: the folder holds no vault.
	ErrNoVault = errcode.New(errcode.NoVault, "no vault")
	// ErrExists: the folder holds a vault, or the items of one.
	ErrExists = errcode.New(errcode.VaultExists, "vault exists")
	// ErrLocked: the vault's identity is not held; Unlock first.
	ErrLocked = errcode.New(errcode.VaultLocked, "vault is locked")
	// ErrBusy: another process has the vault open.
	ErrBusy = errcode.New(errcode.VaultInUse, "vault is in use by another process")
	// ErrClosed: the vault was closed.
	ErrClosed = errcode.New(errcode.Stopping, "vault is closed")
	// ErrWrongPassphrase: the passphrase, recovery key or identity does not
	// open the slot.
	ErrWrongPassphrase = errcode.New(errcode.WrongPassphrase, "wrong passphrase or key")
	// ErrDamaged: what is on the disk is not what was written.
	ErrDamaged = errcode.New(errcode.VaultDamaged, "vault is damaged")
	// ErrRolledBack: the vault is older than, or another than, the one that
	// was seen here before.
	ErrRolledBack = errcode.New(errcode.VaultRolledBack, "vault was rolled back")
	// ErrUnmarked: the file that says which generation was seen last cannot be
	// read, so that nobody can tell whether the vault was rolled back.
	ErrUnmarked = errcode.New(errcode.VaultUnmarked, "not known which generation of the vault was seen last")
	// ErrConflict: another program has changed, replaced or removed the vault
	// since it was opened. Nothing was written; who opens it again sees what is
	// there now.
	ErrConflict = errcode.New(errcode.VaultConflict, "vault was changed by another program")
	// ErrForeign: the vault's folder belongs to another user, who can put there
	// whatever they like.
	ErrForeign = errcode.New(errcode.VaultForeign, "vault belongs to another user")
	// ErrReadOnly: the vault can be read, and not written.
	ErrReadOnly = errcode.New(errcode.ReadOnly, "vault can only be read")
	// ErrNoItem: the vault has no such item.
	ErrNoItem = errcode.New(errcode.NoItem, "no such item")
	// ErrItemExists: the vault has an item of that kind and name.
	ErrItemExists = errcode.New(errcode.ItemExists, "item exists")
	// ErrNoSlot: the vault has no such slot.
	ErrNoSlot = errcode.New(errcode.NoSlot, "no such slot")
	// ErrLastSlot: the vault would be left with fewer ways in than the caller
	// allows.
	ErrLastSlot = errcode.New(errcode.LastSlot, "too few ways into the vault")
	// ErrPlugin: an age plugin is missing or failed.
	ErrPlugin = errcode.New(errcode.Plugin, "age plugin failed")
	// ErrInvalid: a name, fact or secret that a vault does not take.
	ErrInvalid = errcode.New(errcode.BadRequest, "not fit for a vault")
	// ErrUncertain: a write failed so late that what it was to write may stand,
	// now or after a power cut, as may what was there before.
	ErrUncertain = errcode.New(errcode.Disk, "not known what is on the disk")
)

// Kind says what an item holds. The vault does not look into it.
type Kind string

// The kinds that mfad stores.
const (
	KindTOTP      Kind = "totp"       // an otpauth URI
	KindAccessKey Kind = "access-key" // an AWS access key
	KindTrust     Kind = "trust"      // an endpoint that the person vouched for

	// Of hardware tokens. The first two point to what a token keeps, by their
	// facts, and have no content.
	KindOATH       Kind = "oath"        // a seed in OATH applets
	KindOATHKey    Kind = "oath-key"    // a secret access key in OATH applets
	KindOATHAccess Kind = "oath-access" // the key to an OATH applet that has a password
)

// SlotKind says what opens a slot, to whoever has to bring that: a
// letter and up to 31 of a-z, 0-9 and "-". A vault treats all kinds alike.
type SlotKind string

// Item is what vault.json says of a secret. All of it is public, and all of it
// is under the MAC.
type Item struct {
	ID      string            `json:"id"`   // given by the vault, never reused
	Name    string            `json:"name"` // unique per kind
	Kind    Kind              `json:"kind"`
	Created time.Time         `json:"created"` // UTC, whole seconds
	Facts   map[string]string `json:"facts,omitempty"`
	Written uint64            `json:"written"` // the generation that wrote the content
	SHA256  string            `json:"sha256"`  // of the age file, in hex
}

// Slot is what vault.json says of a way in. It is as public as an [Item].
type Slot struct {
	ID      string            `json:"id"`
	Kind    SlotKind          `json:"kind"`
	Label   string            `json:"label,omitempty"`
	Created time.Time         `json:"created"`
	Facts   map[string]string `json:"facts,omitempty"`
	SHA256  string            `json:"sha256"`
}

func (i Item) clone() Item { i.Facts = maps.Clone(i.Facts); return i }
func (s Slot) clone() Slot { s.Facts = maps.Clone(s.Facts); return s }

// SlotSpec asks for a slot: the vault's identity is encrypted to Recipient.
type SlotSpec struct {
	Kind      SlotKind
	Label     string            // for people; may be empty
	Facts     map[string]string // public
	Recipient age.Recipient
	// Proof opens what Recipient wraps, by the way on which it will be opened. It
	// is tried on the slot's file before the slot counts; nil: it is not tried.
	Proof age.Identity
}

// Options are the circumstances of a vault. The zero value is of use.
type Options struct {
	// FS is where the vault lives; nil is the real file system. The lock file
	// is always on the real one.
	FS durable.FS
	// Now is the clock; nil is [time.Now].
	Now func() time.Time
	// Boot is a clock that nobody can set and that runs on while the machine is
	// suspended; nil: a suspend does not count towards the hold time.
	Boot func() time.Duration
	// HighWater is a file outside the vault, one for each vault, that
	// remembers which vault and which generation was seen last. Empty: a
	// rolled back vault goes unnoticed.
	HighWater string
	// Hold is how long an Unlock lasts: 0 for one use, made within a minute;
	// negative until Lock.
	Hold time.Duration
	// Restored says that the person has put this vault there, and knows that it
	// may be older than, or another than, the one that was seen last. Open then
	// heeds no mark; the first Unlock sets a generation that none had before.
	Restored bool
	// OneWayIn allows Create to make a vault with a single slot.
	OneWayIn bool
}

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = durable.OS
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Boot == nil {
		o.Boot = func() time.Duration { return 0 }
	}
	return o
}
