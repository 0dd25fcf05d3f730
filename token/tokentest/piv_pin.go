package tokentest

import (
	"bytes"
	"crypto/subtle"
)

const (
	defaultPIN   = "123456"
	defaultPUK   = "12345678"
	defaultTries = 3
	pinSize      = 8

	referencePIN = 0x80
	referencePUK = 0x81
)

// reference is a PIN or PUK.
type reference struct {
	value      [pinSize]byte // padded with ff
	factory    bool          // as it came from the shop
	tries, max int
}

func newReference(value, factory string) reference {
	if value == "" {
		value = factory
	}
	r := reference{factory: value == factory, tries: defaultTries, max: defaultTries}
	copy(r.value[:], bytes.Repeat([]byte{0xff}, pinSize))
	copy(r.value[:], value)
	return r
}

// check burns a try, and gives all back when the value is right.
func (r *reference) check(value []byte) status {
	if r.tries == 0 {
		return swBlocked
	}
	r.tries--
	if subtle.ConstantTimeCompare(r.value[:], value) != 1 {
		return swTries | status(min(r.tries, 15))
	}
	r.tries = r.max
	return swOK
}

func (r *reference) set(value []byte, factory string) {
	*r = reference{value: [pinSize]byte(value), tries: r.max, max: r.max}
	r.factory = r.value == newReference("", factory).value
}

// wellFormed: six to eight bytes, then ff.
func wellFormed(value []byte) bool {
	trimmed := bytes.TrimRight(value, "\xff")
	return len(value) == pinSize && len(trimmed) >= 6 && !bytes.Contains(trimmed, []byte{0xff})
}

// verify is SP 800-73-4 part 2, 3.2.1.
func (a *pivApplet) verify(c command) ([]byte, status) {
	switch {
	case c.p1 != 0 && c.p1 != 0xff:
		return nil, swWrongP1P2
	case c.p2 != referencePIN:
		return nil, swNoReference
	case c.p1 == 0xff && len(c.data) > 0:
		return nil, swWrongData
	case c.p1 == 0xff:
		a.verified, a.fresh = false, false
		return nil, swOK
	case len(c.data) == 0 && a.verified:
		return nil, swOK
	case len(c.data) == 0 && a.pin.tries == 0:
		return nil, swBlocked
	case len(c.data) == 0:
		return nil, swTries | status(min(a.pin.tries, 15))
	case len(c.data) != pinSize:
		return nil, swWrongData
	}
	sw := a.pin.check(c.data)
	a.verified, a.fresh = sw == swOK, sw == swOK
	return nil, sw
}

// changeReference is 3.2.2: the old value and the new.
func (a *pivApplet) changeReference(c command) ([]byte, status) {
	r, factory := &a.pin, defaultPIN
	switch {
	case c.p1 != 0:
		return nil, swWrongP1P2
	case c.p2 == referencePUK:
		r, factory = &a.puk, defaultPUK
	case c.p2 != referencePIN:
		return nil, swNoReference
	}
	if len(c.data) != 2*pinSize {
		return nil, swWrongData
	}
	if sw := r.check(c.data[:pinSize]); sw != swOK {
		if c.p2 == referencePIN {
			a.verified, a.fresh = false, false
		}
		return nil, sw
	}
	if !wellFormed(c.data[pinSize:]) {
		return nil, swWrongData
	}
	r.set(c.data[pinSize:], factory)
	return nil, swOK
}

// resetRetry is 3.2.3: the PUK and a new PIN.
func (a *pivApplet) resetRetry(c command) ([]byte, status) {
	switch {
	case c.p1 != 0:
		return nil, swWrongP1P2
	case c.p2 != referencePIN:
		return nil, swNoReference
	case len(c.data) != 2*pinSize:
		return nil, swWrongData
	}
	if sw := a.puk.check(c.data[:pinSize]); sw != swOK {
		return nil, sw
	}
	if !wellFormed(c.data[pinSize:]) {
		return nil, swWrongData
	}
	a.pin.set(c.data[pinSize:], defaultPIN)
	return nil, swOK
}

// setRetries is Yubico's: both counters, whereupon PIN and PUK are as from the
// shop.
func (a *pivApplet) setRetries(c command) ([]byte, status) {
	if !a.authed || !a.verified {
		return nil, swSecurity
	}
	if c.p1 == 0 || c.p2 == 0 {
		return nil, swWrongP1P2
	}
	a.pin, a.puk = newReference("", defaultPIN), newReference("", defaultPUK)
	a.pin.tries, a.pin.max = int(c.p1), int(c.p1)
	a.puk.tries, a.puk.max = int(c.p2), int(c.p2)
	a.verified, a.fresh = false, false
	return nil, swOK
}

// PINRetries is how many tries the PIN has left, and PUKRetries the PUK.
func (y *YubiKey) PINRetries() int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.piv.pin.tries
}

// PUKRetries is how many tries the PUK has left.
func (y *YubiKey) PUKRetries() int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.piv.puk.tries
}

// SetPINRetries sets how many tries the PIN has left; 0 blocks it.
func (y *YubiKey) SetPINRetries(n int) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.piv.pin.tries = n
}
