package keystore

import (
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// change is one step of a vault from a generation to the next: files that are
// written before vault.json, and files that nobody needs after it.
type change struct {
	next  *manifest
	fresh []freshFile
	stale []staleFile
}

type staleFile struct{ rel, sha256 string }

type freshFile struct {
	rel  string
	data []byte
}

func (c *change) addSlot(s Slot, data []byte) {
	s.SHA256 = sumHex(data)
	c.next.Slots = append(c.next.Slots, s)
	c.fresh = append(c.fresh, freshFile{s.File(), data})
}

func (c *change) removeSlot(at int) {
	c.stale = append(c.stale, staleFile{c.next.Slots[at].File(), c.next.Slots[at].SHA256})
	c.next.Slots = slices.Delete(c.next.Slots, at, at+1)
}

// putItem sets the content of an item; at < 0 appends it.
func (c *change) putItem(at int, i Item, data []byte) Item {
	i.SHA256, i.Written = sumHex(data), c.next.Generation
	if at < 0 {
		c.next.Items, c.next.items = append(c.next.Items, i), append(c.next.items, nil)
	} else {
		c.drop(c.next.Items[at])
		c.next.Items[at], c.next.items[at] = i, nil
	}
	c.fresh = append(c.fresh, freshFile{i.File(), data})
	return i
}

func (c *change) setFacts(at int, facts map[string]string) {
	c.next.Items[at].Facts, c.next.items[at] = maps.Clone(facts), nil
}

func (c *change) removeItem(at int) {
	c.drop(c.next.Items[at])
	c.next.Items, c.next.items = slices.Delete(c.next.Items, at, at+1), slices.Delete(c.next.items, at, at+1)
}

// drop lets the file of an item go.
func (c *change) drop(i Item) { c.stale = append(c.stale, staleFile{i.File(), i.SHA256}) }

// place finds where an item of Put goes, and completes it: -1 for a new one.
func (c *change) place(item *Item, now time.Time) (at int, err error) {
	item.Facts = maps.Clone(item.Facts)
	at, namesake := -1, c.next.named(item.Kind, item.Name)
	if item.ID == "" {
		item.ID, item.Created = newID(string(item.Kind)), wholeSeconds(now)
	} else {
		if at, err = c.next.itemAt(item.ID); err != nil {
			return at, err
		}
		old := c.next.Items[at]
		if item.Kind != old.Kind {
			return at, fmt.Errorf("%w: %q is of the kind %s", ErrInvalid, old.ID, old.Kind)
		}
		item.Created = old.Created
	}
	if namesake >= 0 && namesake != at {
		return at, fmt.Errorf("%w: %s %q", ErrItemExists, item.Kind, item.Name)
	}
	return at, nil
}

// newID is a name that no other slot or item has had. The kind leads, so that
// a person who rescues a vault by hand knows what a file is.
func newID(kind string) string {
	return kind + "-" + strings.ToLower(rand.Text()[:12])
}

func wholeSeconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
