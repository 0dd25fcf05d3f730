package agent

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/mfad/mfad/keystore/keychain"
)

// drawer is a keychain in memory; the zero drawer is none.
type drawer struct {
	mu      sync.Mutex
	open    bool
	entries map[string]string
}

func (d *drawer) Available(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.open {
		return keychain.ErrNone
	}
	return nil
}

func (d *drawer) Get(ctx context.Context, account string) ([]byte, error) {
	if err := d.Available(ctx); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	text, found := d.entries[account]
	if !found {
		return nil, keychain.ErrNotFound
	}
	return []byte(text), nil
}

func (d *drawer) Set(ctx context.Context, account string, secret []byte) error {
	if err := d.Available(ctx); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.entries == nil {
		d.entries = make(map[string]string)
	}
	d.entries[account] = string(secret)
	return nil
}

func (d *drawer) Delete(ctx context.Context, account string) error {
	if err := d.Available(ctx); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.entries, account)
	return nil
}

func (d *drawer) accounts() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Keys(d.entries))
}
