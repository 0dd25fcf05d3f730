package tokentest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sync"
	"time"
)

// YubiKeyOptions say what a new YubiKey is like; the zero value is a
// YubiKey 5 NFC as it comes from the shop.
type YubiKeyOptions struct {
	Serial  uint32 // 0: 12345678
	Version string // of the firmware; empty: "5.4.3"

	PIN           string // empty: "123456"
	PUK           string // empty: "12345678"
	ManagementKey []byte // nil: Yubico's; 24 bytes are 3DES, or AES-192 from 5.7
	CA            *CA    // attests the keys; nil: TestCA()

	NoPIV, NoOATH, NoManagement, NoOTP bool // the applet is not there
	NoNFC                              bool
	FormFactor                         byte // 1 keychain USB-A (also for 0), 2 nano A, 3 keychain C, 4 nano C, 5 Lightning

	// RefuseOverwrite makes the OATH applet refuse a name that it has (6985),
	// as some implementations do.
	RefuseOverwrite bool
	// TouchLimit is for how long it waits for a touch; 0: 15 s, as YubiKeys do.
	TouchLimit time.Duration
}

// YubiKey is a virtual YubiKey: a [Card] that keeps what it holds while it is
// out. Its methods may be called at any time, also while it is in a reader.
type YubiKey struct {
	options YubiKeyOptions
	version version

	mu       sync.Mutex // guards all below; not held while it waits for a touch
	applets  []applet
	selected applet
	chain    *command // the parts of a chained command so far
	rest     []byte   // what GET RESPONSE will tell

	oath *oathApplet // nil: not there
	piv  *pivApplet

	touch  touchSensor
	knobs  knobs
	leaves bool          // it pulls itself out when the answer is out
	pulled chan struct{} // closed when it is not in the reader any more
}

var _ Card = (*YubiKey)(nil)

// applet is one of the applications of a card.
type applet interface {
	aid() []byte
	// enter is SELECT; again: it was selected.
	enter(again bool) (data []byte)
	// leave forgets what was verified.
	leave()
	// remaining is its instruction for the rest of a long answer.
	remaining() byte
	command(c command) (data []byte, sw status)
}

// NewYubiKey returns a YubiKey that is in no reader. It panics on options that
// make no sense.
func NewYubiKey(o YubiKeyOptions) *YubiKey {
	if o.Serial == 0 {
		o.Serial = 12345678
	}
	if o.FormFactor == 0 {
		o.FormFactor = 1
	}
	if o.TouchLimit == 0 {
		o.TouchLimit = 15 * time.Second
	}
	y := &YubiKey{options: o, version: parseVersion(o.Version), pulled: make(chan struct{})}
	if !o.NoManagement {
		y.applets = append(y.applets, &managementApplet{y: y})
	}
	if !o.NoOTP {
		y.applets = append(y.applets, &otpApplet{y: y})
	}
	if !o.NoOATH {
		y.oath = newOATHApplet(y)
		y.applets = append(y.applets, y.oath)
	}
	if !o.NoPIV {
		y.piv = newPIVApplet(y)
		y.applets = append(y.applets, y.piv)
	}
	return y
}

// Serial is its serial number.
func (y *YubiKey) Serial() uint32 { return y.options.Serial }

// ATR is that of a YubiKey 5 over USB.
func (y *YubiKey) ATR() []byte {
	return []byte("\x3b\xfd\x13\x00\x00\x81\x31\xfe\x15\x80\x73\xc0\x21\xc0\x57YubiKey\x40")
}

// Reset is the loss of power: nothing is selected or verified any more.
func (y *YubiKey) Reset() {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.selected != nil {
		y.selected.leave()
	}
	y.selected, y.chain, y.rest = nil, nil, nil
	y.touch.last = time.Time{}
}

// process answers a command; y.mu is held.
func (y *YubiKey) process(raw []byte) []byte {
	c, sw := parseCommand(raw)
	if sw != swOK {
		return answer(nil, sw)
	}
	if c.cla&^claChain != 0 {
		return answer(nil, swClass)
	}
	if y.selected != nil && c.cla == 0 && c.ins == y.selected.remaining() {
		return y.respond(c)
	}
	y.rest = nil
	c, whole, sw := y.gather(c)
	if !whole {
		return answer(nil, sw)
	}
	// The OATH applet has CALCULATE ALL where others select by other means.
	if c.ins == insSelect && (c.p1 == 4 || y.oath == nil || y.selected != y.oath) {
		y.rest, sw = y.choose(c)
	} else if y.selected == nil {
		sw = swInstruction
	} else {
		y.rest, sw = y.selected.command(c)
	}
	if sw != swOK {
		y.rest = nil
		return answer(nil, sw)
	}
	return y.chunk(c.le)
}

// gather joins the parts of a chained command (ISO/IEC 7816-4, 5.1.1.1); whole
// is false before the last.
func (y *YubiKey) gather(c command) (joined command, whole bool, sw status) {
	first := y.chain
	y.chain = nil
	if first != nil {
		if first.ins != c.ins || first.p1 != c.p1 || first.p2 != c.p2 {
			first = nil // a new command ends the chain
		} else {
			c.data = append(bytes.Clone(first.data), c.data...)
		}
	}
	if len(c.data) > maxCommand {
		return c, false, swLength
	}
	if c.cla&claChain != 0 {
		c.data = bytes.Clone(c.data)
		y.chain = &c
		return c, false, swOK
	}
	return c, true, swOK
}

// respond tells the next part of a long answer.
func (y *YubiKey) respond(c command) []byte {
	y.chain = nil
	switch {
	case c.p1 != 0 || c.p2 != 0:
		return answer(nil, swWrongP1P2)
	case len(y.rest) == 0:
		return answer(nil, swConditions)
	}
	return y.chunk(c.le)
}

func (y *YubiKey) chunk(le int) []byte {
	if len(y.rest) <= le {
		part := y.rest
		y.rest = nil
		return answer(part, swOK)
	}
	part := y.rest[:le]
	y.rest = y.rest[le:]
	more := len(y.rest)
	if more > 0xff {
		more = 0 // 256 or more
	}
	return answer(part, swMore|status(more))
}

// choose is SELECT by name. A name may be shortened to what tells applets
// apart, not to the registered part alone.
func (y *YubiKey) choose(c command) ([]byte, status) {
	if c.p1 != 4 || c.p2 != 0 {
		return nil, swWrongP1P2
	}
	if len(c.data) < 5 || len(c.data) > 16 {
		return nil, swFileNotFound
	}
	for _, a := range y.applets {
		if !bytes.HasPrefix(a.aid(), c.data) {
			continue
		}
		if y.selected != nil && y.selected != a {
			y.selected.leave()
		}
		again := y.selected == a
		y.selected = a
		return a.enter(again), swOK
	}
	return nil, swFileNotFound
}

func (y *YubiKey) serialBytes() []byte {
	return binary.BigEndian.AppendUint32(nil, y.options.Serial)
}

// version of a firmware: major, minor, patch.
type version [3]byte

func parseVersion(text string) version {
	if text == "" {
		text = "5.4.3"
	}
	var v version
	if _, err := fmt.Sscanf(text, "%d.%d.%d", &v[0], &v[1], &v[2]); err != nil {
		panic(fmt.Sprintf("tokentest: version %q is not like 5.4.3", text))
	}
	return v
}

func (v version) String() string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }

func (v version) from(major, minor, patch byte) bool {
	return bytes.Compare(v[:], []byte{major, minor, patch}) >= 0
}
