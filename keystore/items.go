package keystore

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// Read decrypts an item; the caller destroys the Secret. It wraps ErrNoItem,
// ErrLocked, or ErrDamaged when the file is not the one that was written.
func (v *Vault) Read(id string) (*Secret, error) {
	secrets, err := v.ReadAll(id)
	if err != nil {
		return nil, err
	}
	return secrets[0], nil
}

// ReadAll is [Vault.Read] of several items, all or none, as one use of the
// vault.
func (v *Vault) ReadAll(ids ...string) ([]*Secret, error) {
	for _, id := range ids {
		if _, err := v.state.manifest().itemAt(id); err != nil {
			return nil, err
		}
	}
	key, err := v.hold.use()
	if err != nil {
		return nil, err
	}
	defer key.wipe()
	secrets := make([]*Secret, len(ids))
	for i, id := range ids {
		if secrets[i], err = v.read(id, key); err != nil {
			for _, s := range secrets {
				s.Destroy()
			}
			return nil, err
		}
	}
	return secrets, nil
}

func (v *Vault) read(id string, key *vaultKey) (*Secret, error) {
	for {
		man := v.state.manifest()
		at, err := man.itemAt(id)
		if err != nil {
			return nil, err
		}
		secret, err := v.state.folder.readItem(man.Items[at], key)
		// A writer may replace the file under a reader's hand.
		if errors.Is(err, fs.ErrNotExist) && v.state.manifest() != man {
			continue
		}
		if errors.Is(err, ErrDamaged) {
			err = cmp.Or(v.state.look(), err) // it may be whole, and another vault's
		}
		return secret, err
	}
}

// Put stores a secret of at most 64 KiB, and returns the item as it stands now.
// Without an ID it makes an item; with one it replaces that item's name, facts
// and content, keeping kind and time. The caller wipes secret.
//
// It wraps ErrLocked, ErrItemExists when another item of the kind has the name,
// ErrNoItem, or ErrInvalid. When it fails the old item stands; only when the
// very last fsync fails may the new one, and the error wraps ErrUncertain.
func (v *Vault) Put(item Item, secret []byte) (Item, error) {
	return v.store(item, secret, func(*change) error { return nil })
}

// Replace puts a new item, of another kind as it may be, in the place of an old
// one, as [Vault.Put] does: at no moment are both there, or none. It wraps
// ErrNoItem also when old is no longer what the caller saw of it.
func (v *Vault) Replace(old, item Item, secret []byte) (Item, error) {
	item.ID = ""
	return v.store(item, secret, func(c *change) error {
		at, err := c.next.itemAt(old.ID)
		if err != nil {
			return err
		}
		if c.next.Items[at].Written != old.Written {
			return fmt.Errorf("%w: %q was changed meanwhile", ErrNoItem, old.Name)
		}
		c.removeItem(at)
		return nil
	})
}

// store makes one change of what before does and of the item.
func (v *Vault) store(item Item, secret []byte, before func(*change) error) (Item, error) {
	if err := item.checkPublic(); err != nil {
		return Item{}, fmt.Errorf("%w: item %.80q: %v", ErrInvalid, item.Name, err)
	}
	if len(secret) > maxSecret {
		return Item{}, fmt.Errorf("%w: a secret of %d bytes; %d are possible", ErrInvalid, len(secret), maxSecret)
	}
	key, err := v.hold.use()
	if err != nil {
		return Item{}, err
	}
	defer key.wipe()
	file, err := encrypt(secret, key.identity.Recipient())
	if err != nil {
		return Item{}, fmt.Errorf("encrypting item %q: %w", item.Name, err)
	}
	err = v.state.alter(key, func(c *change) error {
		if err := before(c); err != nil {
			return err
		}
		at, err := c.place(&item, v.now())
		if err == nil {
			item = c.putItem(at, item, file)
		}
		return err
	})
	if err != nil {
		return Item{}, fmt.Errorf("storing item %q: %w", item.Name, err)
	}
	return item.clone(), nil
}

// SetFacts replaces the public facts of an item and leaves its content alone.
// It wraps ErrNoItem, ErrLocked or ErrInvalid.
func (v *Vault) SetFacts(id string, facts map[string]string) error {
	if err := checkFacts(facts); err != nil {
		return fmt.Errorf("%w: item %.80q: %v", ErrInvalid, id, err)
	}
	return v.alterItem(id, func(c *change, at int) error {
		c.setFacts(at, facts)
		return nil
	})
}

// Rename gives an item another name, and leaves all else alone. The name must be
// free among the items of its kind, and of the kinds that are named. It wraps
// ErrNoItem, ErrItemExists, ErrLocked or ErrInvalid.
func (v *Vault) Rename(id, name string, among ...Kind) error {
	return v.alterItem(id, func(c *change, at int) error {
		item := c.next.Items[at]
		item.Name = name
		if err := item.checkPublic(); err != nil {
			return fmt.Errorf("%w: %v", ErrInvalid, err)
		}
		for _, kind := range append(slices.Clone(among), item.Kind) {
			if other := c.next.named(kind, name); other >= 0 && other != at {
				return fmt.Errorf("%w: %s %q", ErrItemExists, kind, name)
			}
		}
		c.next.Items[at], c.next.items[at] = item, nil
		return nil
	})
}

// Remove removes an item and its file. It wraps ErrNoItem or ErrLocked.
func (v *Vault) Remove(id string) error {
	return v.alterItem(id, func(c *change, at int) error {
		c.removeItem(at)
		return nil
	})
}

// alterItem makes one change of an item. An error of edit leaves everything as it was.
func (v *Vault) alterItem(id string, edit func(c *change, at int) error) error {
	if _, err := v.state.manifest().itemAt(id); err != nil {
		return err
	}
	key, err := v.hold.use()
	if err != nil {
		return err
	}
	defer key.wipe()
	err = v.state.alter(key, func(c *change) error {
		at, err := c.next.itemAt(id)
		if err == nil {
			err = edit(c, at)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("changing item %q: %w", id, err)
	}
	return nil
}
