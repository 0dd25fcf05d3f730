// Package inventory gives types to what a vault keeps: a [Device], a [Key], the
// key to an OATH [Applet], the [Trust] of an endpoint, the [Settings], and what
// stands beside a slot.
//
// A [keystore.Vault] has items of any kind with facts in text, and looks into
// none. This is the one place that knows what the facts are called and how they
// are written: every room of the agent reads and changes items through it. The
// finders read what is public, so they work on a locked vault too, whose facts
// are no more than what the file says.
//
// It asks nobody, unlocks nothing, and never sees a secret but to hand it to the
// vault.
package inventory

import (
	"slices"
	"strings"
	"time"

	"github.com/mfad/mfad/keystore"
)

// Entry is what every item has.
type Entry struct {
	Name   string        // unique among those of its kind
	stored keystore.Item // zero: the vault has none yet
}

// ID is what the vault knows the item by; empty before it is stored.
func (e Entry) ID() string { return e.stored.ID }

// Created is when the item came into the vault.
func (e Entry) Created() time.Time { return e.stored.Created }

// Supersede lets the entry take the place of an old one when it is stored. An old
// one that was never stored changes nothing.
func (e *Entry) Supersede(old Entry) { e.stored = old.stored }

func (e *Entry) entry() *Entry { return e }

// A Record is an item with a type: a pointer to one of this package's.
type Record interface {
	entry() *Entry
	// describe is the kind and the facts that the item has in the vault.
	describe() (keystore.Kind, map[string]string)
}

// Store stores a record with its secret, in the place of the one that it was read
// from or supersedes, if there is one; at no moment are both there, or none. The
// record is the stored one then. It returns the errors of [keystore.Vault.Put]
// and [keystore.Vault.Replace].
func Store(v *keystore.Vault, r Record, secret []byte) (err error) {
	e := r.entry()
	now, old := item(r), e.stored
	if old.ID != "" && old.Kind != now.Kind {
		now, err = v.Replace(old, now, secret)
	} else {
		now.ID = old.ID
		now, err = v.Put(now, secret)
	}
	if err == nil {
		e.stored = now
	}
	return err
}

// StoreFacts is [Store] of a record without a secret; of one that is there it
// changes the facts alone.
func StoreFacts(v *keystore.Vault, r Record) error {
	if e := r.entry(); e.stored.ID != "" {
		return v.SetFacts(e.stored.ID, item(r).Facts)
	}
	return Store(v, r, nil)
}

// namesakes are kinds of items that share their names: where the secret is makes no
// other device, nor another key.
var namesakes = [][]keystore.Kind{
	{keystore.KindTOTP, keystore.KindOATH},
	{keystore.KindAccessKey, keystore.KindOATHKey},
}

// Rename gives a record that is in the vault another name. It returns the errors of
// [keystore.Vault.Rename].
func Rename(v *keystore.Vault, r Record, name string) error {
	e := r.entry()
	var among []keystore.Kind
	for _, kinds := range namesakes {
		if slices.Contains(kinds, e.stored.Kind) {
			among = kinds
		}
	}
	err := v.Rename(e.stored.ID, name, among...)
	if err == nil {
		e.Name, e.stored.Name = name, name
	}
	return err
}

func item(r Record) keystore.Item {
	kind, facts := r.describe()
	return keystore.Item{Name: r.entry().Name, Kind: kind, Facts: filled(facts)}
}

// Typed is an item as a [Device], a [Key] or an [Applet]; nil if it is none of
// these.
func Typed(item keystore.Item) any {
	switch item.Kind {
	case keystore.KindTOTP, keystore.KindOATH:
		return deviceOf(item)
	case keystore.KindAccessKey, keystore.KindOATHKey:
		return keyOf(item)
	case keystore.KindOATHAccess:
		return appletOf(item)
	}
	return nil
}

// all lists the items of a type, oldest first.
func all[T any](v *keystore.Vault) []T {
	var found []T
	for _, item := range v.Items() {
		if typed, ok := Typed(item).(T); ok {
			found = append(found, typed)
		}
	}
	return found
}

// first finds the oldest item of a type that holds.
func first[T any](v *keystore.Vault, holds func(T) bool) (T, bool) {
	items := all[T](v)
	if at := slices.IndexFunc(items, holds); at >= 0 {
		return items[at], true
	}
	var none T
	return none, false
}

// Placement says which tokens keep a secret.
type Placement struct {
	Tokens     []string // serial numbers, or IDs of OATH applets
	Credential string   // its name on all of them
	Touch      bool     // each use takes a touch
	Adopted    bool     // somebody else had put it there before
}

// Held is a named secret, and where it is: in the vault, or on tokens, to which
// the vault points then.
type Held struct {
	Entry
	placement Placement
	onToken   bool
}

// OnToken tells whether tokens keep the secret.
func (h Held) OnToken() bool { return h.onToken }

// Placement says which tokens do; zero: none.
func (h Held) Placement() Placement { return h.placement }

// PlaceOn says that tokens keep the secret from now on; [Store] writes it.
func (h *Held) PlaceOn(p Placement) { h.placement, h.onToken = p, true }

func held(item keystore.Item, onToken keystore.Kind) Held {
	return Held{Entry: Entry{item.Name, item}, onToken: item.Kind == onToken, placement: Placement{
		Tokens:     strings.Fields(item.Facts[tokensFact]),
		Credential: item.Facts[credentialFact],
		Touch:      item.Facts[touchFact] == yes,
		Adopted:    item.Facts[adoptedFact] == yes,
	}}
}

// place adds where the secret is to facts, and chooses the kind by it.
func (h Held) place(inVault, onToken keystore.Kind, facts map[string]string) (keystore.Kind, map[string]string) {
	if !h.onToken {
		return inVault, facts
	}
	facts[tokensFact], facts[credentialFact] = strings.Join(h.placement.Tokens, " "), h.placement.Credential
	if h.placement.Touch {
		facts[touchFact] = yes
	}
	if h.placement.Adopted {
		facts[adoptedFact] = yes
	}
	return onToken, facts
}

// CredentialTaken tells whether the vault points to a credential of that name.
func CredentialTaken(v *keystore.Vault, name string) bool {
	return slices.ContainsFunc(v.Items(), func(i keystore.Item) bool { return i.Facts[credentialFact] == name })
}

// Reread is an item as the vault has it now; it is not there any more if another
// has its name.
func Reread[T any](v *keystore.Vault, e Entry) (now T, same bool) {
	item, found := v.Find(e.stored.Kind, e.Name)
	if !found || item.ID != e.stored.ID {
		return now, false
	}
	now, same = Typed(item).(T)
	return now, same
}
