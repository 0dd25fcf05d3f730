package ctap

import (
	"sync"
	"time"
)

const keepaliveEvery = 100 * time.Millisecond

// What a keepalive says (11.2.9.2.2).
const (
	processing = 1
	touchMe    = 2
)

// transaction is a CTAP2 command that runs: it can be cancelled, and it says
// that it lives.
type transaction struct {
	bus       *bus
	channel   uint32
	cancelled chan struct{}
	once      sync.Once
	name      string // for the journal

	mu   sync.Mutex
	mute bool
}

func newTransaction(b *bus, channel uint32) *transaction {
	return &transaction{bus: b, channel: channel, cancelled: make(chan struct{})}
}

// cancel ends a wait.
func (t *transaction) cancel() { t.once.Do(func() { close(t.cancelled) }) }

// abandon ends a wait whose answer nobody will read.
func (t *transaction) abandon() {
	t.mu.Lock()
	t.mute = true
	t.mu.Unlock()
	t.cancel()
}

func (t *transaction) keepalive(status byte) {
	t.mu.Lock()
	mute := t.mute
	t.mu.Unlock()
	if !mute {
		t.bus.send(t.channel, hidKeepalive, []byte{status})
	}
}

// wait waits for done, telling the host so. limit is nil for none.
func (t *transaction) wait(status byte, done <-chan struct{}, limit <-chan time.Time) Status {
	t.keepalive(status)
	tick := time.NewTicker(keepaliveEvery)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return StatusOK
		case <-t.cancelled:
			return StatusCancelled
		case <-limit:
			return StatusUserActionTimeout
		case <-tick.C:
			t.keepalive(status)
		}
	}
}

// pause waits as slow keys do.
func (t *transaction) pause(d time.Duration) {
	if d > 0 {
		t.wait(processing, nil, time.After(d))
	}
}

// touch waits for the person (6.1.2, step "user presence").
func (t *transaction) touch() Status {
	k := t.bus.key
	touched, limit := k.awaitTouch()
	defer k.touchOver(touched)
	return t.wait(touchMe, touched, time.After(limit))
}
