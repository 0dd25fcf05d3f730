package keystore

import (
	"sync"
	"time"
)

// oneUse bounds an unlock for one use that nobody makes.
const oneUse = time.Minute

// hold keeps a vault's identity in memory while the vault is unlocked, and what
// was kept beside it, and wipes both when their time is over. It touches no
// file: what it holds was found to be the vault's by whoever installs it.
type hold struct {
	clock clock

	// mu guards what follows, and is held for no longer than it takes to copy
	// or wipe: never across I/O.
	mu    sync.Mutex
	lasts time.Duration // as Options.Hold
	held  *held         // nil while locked
	ended bool          // nothing is held from now on
}

// clock is what the end of a hold time is read from.
type clock struct {
	now  func() time.Time     // Options.Now
	boot func() time.Duration // Options.Boot
}

// held is the vault's identity while it is unlocked.
type held struct {
	text  *Secret
	once  bool
	until time.Time     // zero: until Lock
	boot  time.Duration // the same by Options.Boot
	timer *time.Timer
	over  chan struct{}    // closed when this goes
	kept  map[string]*kept // what goes when this goes
}

// install starts the hold time.
func (h *hold) install(text *Secret) {
	h.mu.Lock()
	defer h.mu.Unlock()
	next := &held{text: text, once: h.lasts == 0, over: make(chan struct{})}
	if old := h.heldLocked(); old != nil {
		next.kept, old.kept = old.kept, nil
	}
	h.dropLocked()
	if h.ended {
		text.Destroy()
		return
	}
	h.held = next
	h.armLocked()
}

// armLocked makes the hold time count from now, unless it ends sooner already.
func (h *hold) armLocked() {
	d, live := h.lasts, h.held
	if d < 0 {
		return
	}
	if d == 0 {
		d, live.once = oneUse, true
	}
	until := h.clock.now().Add(d)
	if !live.until.IsZero() && live.until.Before(until) {
		return
	}
	live.until, live.boot = until, h.clock.boot()+d
	if live.timer != nil {
		live.timer.Stop()
	}
	// The timer wipes in time; the clocks are asked at each use too, since a
	// timer sleeps while the machine does.
	live.timer = time.AfterFunc(d, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.held == live {
			h.dropLocked()
		}
	})
}

// heldLocked is h.held, if its time is not over.
func (h *hold) heldLocked() *held {
	live := h.held
	if live != nil && !live.until.IsZero() && (!h.clock.now().Before(live.until) || h.clock.boot() >= live.boot) {
		h.dropLocked()
	}
	return h.held
}

func (h *hold) dropLocked() {
	if h.held == nil {
		return
	}
	if h.held.timer != nil {
		h.held.timer.Stop()
	}
	h.held.text.Destroy()
	for _, k := range h.held.kept {
		k.destroy()
	}
	close(h.held.over)
	h.held = nil
}

// end wipes what is held, for good.
func (h *hold) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	h.dropLocked()
}

// use takes the key for one act. It wraps ErrLocked.
func (h *hold) use() (*vaultKey, error) {
	text, err := h.copyText()
	if err != nil {
		return nil, err
	}
	defer clear(text)
	return parseVaultKey(text)
}

func (h *hold) copyText() ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return nil, ErrClosed
	}
	live := h.heldLocked()
	if live == nil {
		return nil, ErrLocked
	}
	text := append([]byte(nil), live.text.Bytes()...)
	if live.once {
		h.dropLocked()
	}
	return text, nil
}

// Lock wipes the vault's identity. What is being read or written goes on.
func (h *hold) Lock() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dropLocked()
}

// Locked tells whether the next use needs an Unlock.
func (h *hold) Locked() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.heldLocked() == nil
}

// HeldUntil is when the hold time ends: zero when the vault is locked, or when
// only Lock ends it.
func (h *hold) HeldUntil() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	if live := h.heldLocked(); live != nil {
		return live.until
	}
	return time.Time{}
}

// Unlocked returns what is closed when the unlock that counts now ends: when its
// time is over, by Lock or Close, or because another Unlock takes its place. It
// is nil when the vault is locked, or unlocked for one use.
func (h *hold) Unlocked() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if live := h.heldLocked(); live != nil && !live.once {
		return live.over
	}
	return nil
}

// Hold is how long an Unlock lasts, as in [Options].
func (h *hold) Hold() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lasts
}

// SetHold sets how long an Unlock lasts. It can shorten the hold time that is
// running, as counted from now, and never lengthens it: that takes an Unlock.
func (h *hold) SetHold(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lasts = d
	if h.heldLocked() != nil {
		h.armLocked()
	}
}
