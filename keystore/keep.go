package keystore

import (
	"bytes"
	"time"
)

// kept is a secret that is no item: it lives in memory, for as long as the
// vault's identity does.
type kept struct {
	secret *Secret
	until  time.Time
	timer  *time.Timer
}

func (k *kept) destroy() {
	k.timer.Stop()
	k.secret.Destroy()
}

// Keep keeps a secret in memory beside the vault's identity, under a name that
// takes the place of an older one's: in pages of its own, until a time by
// Options.Now, and no longer than the unlock lasts. It is written nowhere. It
// wipes secret, and reports whether it was kept: a vault that is locked, or
// unlocked for one use, keeps nothing.
func (v *Vault) Keep(name string, secret []byte, until time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	h, left := v.heldLocked(), until.Sub(v.opts.Now())
	if h == nil || h.once || left <= 0 {
		clear(secret)
		return false
	}
	if old := h.kept[name]; old != nil {
		old.destroy()
	}
	k := &kept{secret: newSecret(secret), until: until}
	// The timer wipes in time; the clock is asked at each use too.
	k.timer = time.AfterFunc(left, func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.held != nil && v.held.kept[name] == k {
			v.dropKeptLocked(name)
		}
	})
	if h.kept == nil {
		h.kept = make(map[string]*kept)
	}
	h.kept[name] = k
	return true
}

// Kept returns a copy of what is kept under a name, for the caller to wipe, or
// nil.
func (v *Vault) Kept(name string) []byte {
	v.mu.Lock()
	defer v.mu.Unlock()
	h := v.heldLocked()
	if h == nil || h.kept[name] == nil {
		return nil
	}
	if !v.opts.Now().Before(h.kept[name].until) {
		v.dropKeptLocked(name)
		return nil
	}
	return bytes.Clone(h.kept[name].secret.Bytes())
}

// Unkeep wipes what is kept under the names for which drop is true.
func (v *Vault) Unkeep(drop func(name string) bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.held == nil {
		return
	}
	for name := range v.held.kept {
		if drop(name) {
			v.dropKeptLocked(name)
		}
	}
}

func (v *Vault) dropKeptLocked(name string) {
	v.held.kept[name].destroy()
	delete(v.held.kept, name)
}
