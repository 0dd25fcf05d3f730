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
func (h *hold) Keep(name string, secret []byte, until time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	live, left := h.heldLocked(), until.Sub(h.clock.now())
	if live == nil || live.once || left <= 0 {
		clear(secret)
		return false
	}
	if old := live.kept[name]; old != nil {
		old.destroy()
	}
	k := &kept{secret: newSecret(secret), until: until}
	// The timer wipes in time; the clock is asked at each use too.
	k.timer = time.AfterFunc(left, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.held != nil && h.held.kept[name] == k {
			h.dropKeptLocked(name)
		}
	})
	if live.kept == nil {
		live.kept = make(map[string]*kept)
	}
	live.kept[name] = k
	return true
}

// Kept returns a copy of what is kept under a name, for the caller to wipe, or
// nil.
func (h *hold) Kept(name string) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	live := h.heldLocked()
	if live == nil || live.kept[name] == nil {
		return nil
	}
	if !h.clock.now().Before(live.kept[name].until) {
		h.dropKeptLocked(name)
		return nil
	}
	return bytes.Clone(live.kept[name].secret.Bytes())
}

// Unkeep wipes what is kept under the names for which drop is true.
func (h *hold) Unkeep(drop func(name string) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held == nil {
		return
	}
	for name := range h.held.kept {
		if drop(name) {
			h.dropKeptLocked(name)
		}
	}
}

func (h *hold) dropKeptLocked(name string) {
	h.held.kept[name].destroy()
	delete(h.held.kept, name)
}
