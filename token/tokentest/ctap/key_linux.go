package ctap

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"
)

// Options says what a key is like. The zero value has no PIN and is touched at once.
type Options struct {
	// PIN is set on the key; empty: none is.
	PIN string
	// Link is a path that leads to the device while it is plugged in; empty: none.
	Link string
	// Protocols are the PIN protocols, the preferred one first; nil: 1.
	Protocols []uint64
	// NoHMACSecret makes a key that lacks the extension.
	NoHMACSecret bool
	// TouchTimeout is for how long the key itself waits for a touch; 0: 30 s.
	TouchTimeout time.Duration
	// AAGUID tells the model.
	AAGUID [16]byte
	// AlwaysUV makes a key that wants the PIN at each touch (7.2).
	AlwaysUV bool
	// Biometric makes a key that has a finger on file: it can verify who touches
	// it, and wants that, or the PIN, to make a credential.
	Biometric bool
	// U2FOnly makes a key from before FIDO2.
	U2FOnly bool
	// IDLength is how long the IDs of credentials are, 1 to 1023; 0: 65.
	IDLength int
}

// Touch says when the person touches the key: after that time.
type Touch time.Duration

// The two ends of it.
const (
	TouchNow   Touch = 0
	TouchNever Touch = -1
)

// Key is a virtual FIDO2 key. All methods may be called at any time, but for
// Close, Unplug and Replug in a fault hook.
type Key struct {
	o Options

	plug sync.Mutex // of who plugs in and out
	bus  *bus

	mu      sync.Mutex
	a       authenticator
	touch   Touch
	touches int
	waiting chan struct{}
	delay   time.Duration
	hook    func(Frame) Fault
	frames  int
	journal []Entry
	foreign error
	started time.Time
}

// New makes a key and plugs it in. The caller closes it.
func New(o Options) (*Key, error) {
	if o.Protocols == nil {
		o.Protocols = []uint64{1}
	}
	if o.TouchTimeout == 0 {
		o.TouchTimeout = 30 * time.Second
	}
	if o.IDLength < 0 || o.IDLength > maxID {
		return nil, fmt.Errorf("the ID of a credential has 1 to %d bytes", maxID)
	}
	k := &Key{o: o, a: authenticator{protocols: o.Protocols, idLength: o.IDLength}}
	rand.Read(k.a.master[:])
	k.a.retries = maxRetries
	if o.PIN != "" {
		if k.a.pin = hashPIN([]byte(o.PIN)); len(o.PIN) < minPIN || len(o.PIN) > maxPIN {
			return nil, errors.New("PIN is too short or too long")
		}
	}
	if err := k.Replug(); err != nil {
		return nil, err
	}
	return k, nil
}

// Close pulls the key out for good and waits until nothing of it runs.
func (k *Key) Close() { k.Unplug() }

// Unplug pulls the key out: its node is gone, who has it open reads an error.
func (k *Key) Unplug() {
	k.plug.Lock()
	defer k.plug.Unlock()
	k.unplugLocked()
}

func (k *Key) unplugLocked() {
	if k.bus == nil {
		return
	}
	if k.o.Link != "" {
		_ = os.Remove(k.o.Link)
	}
	k.bus.pull()
	k.bus.wg.Wait()
	k.bus = nil
}

// Replug plugs the key in, after pulling it out if need be. Its path is
// another; what it forgets without power it has forgotten.
func (k *Key) Replug() error {
	k.plug.Lock()
	defer k.plug.Unlock()
	k.unplugLocked()
	l, err := openLine()
	if err != nil {
		return err
	}
	if k.o.Link != "" {
		if err := os.Symlink(l.path, k.o.Link); err != nil {
			l.close()
			return fmt.Errorf("linking to the key: %w", err)
		}
	}
	k.mu.Lock()
	k.a.powerUp()
	k.started = time.Now()
	k.mu.Unlock()
	k.bus = newBus(k, l)
	return nil
}

// Path is the device path: the link if there is one. It is empty while the key
// is pulled out.
func (k *Key) Path() string {
	k.plug.Lock()
	defer k.plug.Unlock()
	switch {
	case k.bus == nil:
		return ""
	case k.o.Link != "":
		return k.o.Link
	default:
		return k.bus.line.path
	}
}

// SetTouch says when the person touches the key from now on; TouchNow also
// when it waits already.
func (k *Key) SetTouch(t Touch) {
	k.mu.Lock()
	k.touch = t
	k.mu.Unlock()
	if t == TouchNow {
		k.Tap()
	}
}

// Tap touches the key once; it says whether the key waited for that.
func (k *Key) Tap() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.tapLocked(k.waiting)
}

func (k *Key) tapLocked(waiting chan struct{}) bool {
	if waiting == nil || k.waiting != waiting {
		return false
	}
	close(waiting)
	k.waiting = nil
	k.touches++
	return true
}

// Touches counts the touches that the key asked for and got.
func (k *Key) Touches() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.touches
}

// awaitTouch returns what is closed by a touch, and the key's own limit.
func (k *Key) awaitTouch() (chan struct{}, time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	touched := make(chan struct{})
	k.waiting = touched
	switch {
	case k.touch == TouchNow:
		k.tapLocked(touched)
	case k.touch > 0:
		time.AfterFunc(time.Duration(k.touch), func() {
			k.mu.Lock()
			defer k.mu.Unlock()
			k.tapLocked(touched)
		})
	}
	return touched, k.o.TouchTimeout
}

func (k *Key) touchOver(touched chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.waiting == touched {
		k.waiting = nil
	}
}

// PINRetries is how many tries are left for the PIN.
func (k *Key) PINRetries() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.a.retries
}

// SetPINRetries sets the tries left, 0 to 8, and forgets wrong PINs in a row.
func (k *Key) SetPINRetries(n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.a.retries, k.a.wrongInARow = n, 0
}

// Delay makes each CTAP2 command take that long, with keepalives.
func (k *Key) Delay(d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.delay = d
}

// Journal returns the CTAP2 commands so far.
func (k *Key) Journal() []Entry {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.journal)
}

// Foreign is what a host did that no host may do, the first of it: a report of
// another number, CBOR that is not canonical. The key refused it too.
func (k *Key) Foreign() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.foreign
}

func (k *Key) foreignLocked(err error) {
	if k.foreign == nil {
		k.foreign = err
	}
}

func (k *Key) reportID(id byte) {
	if id == 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.foreignLocked(fmt.Errorf("report number %d", id))
}
