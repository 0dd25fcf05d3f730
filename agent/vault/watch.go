package vault

import (
	"context"
	"sync"

	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// watches are the goroutines that watch tokens, each as long as the unlock that
// its token made.
type watches struct {
	mu      sync.Mutex // held while one begins: wait waits for those that there are
	running sync.WaitGroup
}

// wait waits for those that there are, whose unlock must be over.
func (w *watches) wait() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running.Wait()
}

// lockWithout locks the vault when the token that has just unlocked it is pulled out,
// or when nobody can tell any more whether it is there. The watch ends with the unlock.
func (a *Access) lockWithout(v *keystore.Vault, by token.WatchParams) {
	a.watches.mu.Lock()
	defer a.watches.mu.Unlock()
	over := v.Unlocked()
	if over == nil {
		return // for one use, which may have been
	}
	ctx, cancel := context.WithCancel(context.Background())
	a.watches.running.Go(func() {
		defer cancel()
		err := a.tools.tokens.Watch(ctx, by)
		select {
		case <-over:
			return
		default:
		}
		v.Lock()
		a.tools.log.InfoContext(ctx, "vault was locked: the token that unlocked it is not there any more", "place", by.Place, "err", err)
	})
	a.watches.running.Go(func() {
		select {
		case <-over:
			cancel()
		case <-ctx.Done():
		}
	})
}
