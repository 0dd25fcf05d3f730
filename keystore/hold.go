package keystore

import "time"

// oneUse bounds an unlock for one use that nobody makes.
const oneUse = time.Minute

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
func (v *Vault) install(text *Secret) {
	v.mu.Lock()
	defer v.mu.Unlock()
	next := &held{text: text, once: v.hold == 0, over: make(chan struct{})}
	if old := v.heldLocked(); old != nil {
		next.kept, old.kept = old.kept, nil
	}
	v.dropLocked()
	if v.isClosed {
		text.Destroy()
		return
	}
	v.held = next
	v.armLocked()
}

// armLocked makes the hold time count from now, unless it ends sooner already.
func (v *Vault) armLocked() {
	d, h := v.hold, v.held
	if d < 0 {
		return
	}
	if d == 0 {
		d, h.once = oneUse, true
	}
	until := v.opts.Now().Add(d)
	if !h.until.IsZero() && h.until.Before(until) {
		return
	}
	h.until, h.boot = until, v.opts.Boot()+d
	if h.timer != nil {
		h.timer.Stop()
	}
	// The timer wipes in time; the clocks are asked at each use too, since a
	// timer sleeps while the machine does.
	h.timer = time.AfterFunc(d, func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.held == h {
			v.dropLocked()
		}
	})
}

// heldLocked is v.held, if its time is not over.
func (v *Vault) heldLocked() *held {
	h := v.held
	if h != nil && !h.until.IsZero() && (!v.opts.Now().Before(h.until) || v.opts.Boot() >= h.boot) {
		v.dropLocked()
	}
	return v.held
}

func (v *Vault) dropLocked() {
	if v.held == nil {
		return
	}
	if v.held.timer != nil {
		v.held.timer.Stop()
	}
	v.held.text.Destroy()
	for _, k := range v.held.kept {
		k.destroy()
	}
	close(v.held.over)
	v.held = nil
}

// use takes the key for one act. It wraps ErrLocked.
func (v *Vault) use() (*vaultKey, error) {
	text, err := v.copyText()
	if err != nil {
		return nil, err
	}
	defer clear(text)
	return parseVaultKey(text)
}

func (v *Vault) copyText() ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.isClosed {
		return nil, ErrClosed
	}
	h := v.heldLocked()
	if h == nil {
		return nil, ErrLocked
	}
	text := append([]byte(nil), h.text.Bytes()...)
	if h.once {
		v.dropLocked()
	}
	return text, nil
}

// Lock wipes the vault's identity. What is being read or written goes on.
func (v *Vault) Lock() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.dropLocked()
}

// Locked tells whether the next use needs an Unlock.
func (v *Vault) Locked() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.heldLocked() == nil
}

// HeldUntil is when the hold time ends: zero when the vault is locked, or when
// only Lock ends it.
func (v *Vault) HeldUntil() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	if h := v.heldLocked(); h != nil {
		return h.until
	}
	return time.Time{}
}

// Unlocked returns what is closed when the unlock that counts now ends: when its
// time is over, by Lock or Close, or because another Unlock takes its place. It
// is nil when the vault is locked, or unlocked for one use.
func (v *Vault) Unlocked() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	if h := v.heldLocked(); h != nil && !h.once {
		return h.over
	}
	return nil
}

// Hold is how long an Unlock lasts, as in [Options].
func (v *Vault) Hold() time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.hold
}

// SetHold sets how long an Unlock lasts. It can shorten the hold time that is
// running, as counted from now, and never lengthens it: that takes an Unlock.
func (v *Vault) SetHold(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.hold = d
	if v.heldLocked() != nil {
		v.armLocked()
	}
}
