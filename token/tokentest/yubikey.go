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
	// Quirks make it another token, or an old one.
	Quirks Quirks
}

// YubiKey is a virtual YubiKey: a [Card] that keeps what it holds while it is
// out. Its methods may be called at any time, also while it is in a reader.
type YubiKey struct {
	options YubiKeyOptions
	version version

	mu       sync.Mutex // guards all below; not held while it waits for a touch
	commands interpreter

	oath *oathApplet // nil: not there
	piv  *pivApplet

	touch  touchSensor
	knobs  knobs
	leaves bool          // it pulls itself out when the answer is out
	pulled chan struct{} // closed when it is not in the reader any more
}

var _ Card = (*YubiKey)(nil)

// serialBytes is the serial number as commands tell it.
func (o *YubiKeyOptions) serialBytes() []byte {
	if o.Quirks.NoSerial {
		return make([]byte, 4)
	}
	return binary.BigEndian.AppendUint32(nil, o.Serial)
}

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
		y.commands.applets = append(y.commands.applets, &managementApplet{y: y})
	}
	if !o.NoOTP {
		y.commands.applets = append(y.commands.applets, &otpApplet{y: y})
	}
	if o.Quirks.Maker != "" {
		y.commands.applets = append(y.commands.applets, &canoKeyApplet{y: y})
	}
	if !o.NoOATH {
		y.oath = newOATHApplet(y)
		y.commands.applets = append(y.commands.applets, y.oath)
	}
	if !o.NoPIV {
		y.piv = newPIVApplet(y)
		y.commands.applets = append(y.commands.applets, y.piv)
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
	y.commands.reset()
	y.touch.last = time.Time{}
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
