package agent

import (
	"context"

	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// guard locks the vault when the token that has just unlocked it is pulled out,
// or when nobody can tell any more whether it is there. It ends with the unlock.
func (d *door) guard(v *keystore.Vault, by token.WatchParams) {
	d.mu.Lock() // close waits for the guards that there are
	defer d.mu.Unlock()
	over := v.Unlocked()
	if over == nil {
		return // for one use, which may have been
	}
	ctx, cancel := context.WithCancel(context.Background())
	d.guards.Go(func() {
		defer cancel()
		err := d.tokens.Watch(ctx, by)
		select {
		case <-over:
			return
		default:
		}
		v.Lock()
		d.log.InfoContext(ctx, "vault was locked: the token that unlocked it is not there any more", "place", by.Place, "err", err)
	})
	d.guards.Go(func() {
		select {
		case <-over:
			cancel()
		case <-ctx.Done():
		}
	})
}
