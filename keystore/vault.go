package keystore

import "time"

// Vault is an open vault: the only one, in all processes, until Close. It is
// locked or unlocked; what is public can be read either way. It is safe for
// concurrent use.
//
// It has no mutex: its two halves guard themselves. The state takes the mutex of
// the hold while it holds the lane of the writers, and never the other way round.
type Vault struct {
	now   func() time.Time // the clock of what is made; never changes
	state state            // what there is; works while the vault is locked
	hold                   // what opens it; brings Lock, Hold, Keep and their like
}

// Close locks the vault and gives it free for other processes, after the
// change that is being written, if any. Closing again does nothing.
func (v *Vault) Close() error { return v.state.close(v.hold.end) }

// Unmarked tells whether nothing said, when the vault was opened, which generation
// was seen last, so that a roll back before would have gone unnoticed; and when
// vault.json was written, as the disk says.
func (v *Vault) Unmarked() (missing bool, written time.Time) { return v.state.unmarked() }

// Generation counts the changes since the vault was made.
func (v *Vault) Generation() uint64 { return v.state.manifest().Generation }

// Recipient is the age recipient that items are encrypted to. It names the
// vault: no two have the same.
func (v *Vault) Recipient() string { return v.state.manifest().Recipient }

// Slots lists the ways in, oldest first.
func (v *Vault) Slots() []Slot {
	var slots []Slot
	for _, s := range v.state.manifest().Slots {
		slots = append(slots, s.clone())
	}
	return slots
}

// Items lists the items, oldest first.
func (v *Vault) Items() []Item {
	var items []Item
	for _, i := range v.state.manifest().Items {
		items = append(items, i.clone())
	}
	return items
}

// Find returns the item of a kind and name.
func (v *Vault) Find(kind Kind, name string) (Item, bool) {
	man := v.state.manifest()
	at := man.named(kind, name)
	if at < 0 {
		return Item{}, false
	}
	return man.Items[at].clone(), true
}
