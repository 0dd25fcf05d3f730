package tokentest

import (
	"bytes"
	"crypto"
)

// pivApplet is the PIV applet: NIST SP 800-73-4 part 2 with Yubico's
// extensions. What it holds outlives the loss of power.
type pivApplet struct {
	y          *YubiKey
	pin, puk   reference
	management managementKey
	keys       map[byte]*pivKey
	objects    map[int][]byte

	// What the loss of power ends.
	verified  bool   // the PIN
	fresh     bool   // the PIN, just before: for the policy "always"
	authed    bool   // the management key
	witness   []byte // under way to that
	challenge []byte
}

// pivKey is a key in a slot.
type pivKey struct {
	algorithm  byte
	private    crypto.PrivateKey
	pin, touch byte // policies
	generated  bool
}

// Slots that are not for keys of the holder.
const (
	slotManagement  = 0x9b
	slotAttestation = 0xf9
)

// Objects that are not plain.
const (
	objectDiscovery   = 0x7e
	objectPrinted     = 0x5fc109
	objectFingerprint = 0x5fc103
	objectFace        = 0x5fc108
	objectIris        = 0x5fc121
	objectAttestation = 0x5fff01
	maxObject         = 3063
)

func newPIVApplet(y *YubiKey) *pivApplet {
	a := &pivApplet{
		y:   y,
		pin: newReference(y.options.PIN, defaultPIN), puk: newReference(y.options.PUK, defaultPUK),
		management: newManagementKey(y.options.ManagementKey, y.version),
		keys:       map[byte]*pivKey{}, objects: map[int][]byte{},
	}
	if y.options.Quirks.PUKBlocked {
		a.puk.tries = 0
	}
	if y.version.from(4, 3, 0) && !y.options.Quirks.NoAttestation {
		a.addAttestation()
	}
	return a
}

func (a *pivApplet) aid() []byte     { return []byte("\xa0\x00\x00\x03\x08\x00\x00\x10\x00\x01\x00") }
func (a *pivApplet) remaining() byte { return insGetResponse }

// enter keeps what was verified when the applet is selected again, as the
// standard has it (part 2, 3.1.1).
func (a *pivApplet) enter(bool) []byte {
	authority := appendTLV(nil, 0x4f, a.aid()[:5]...)
	template := appendTLV(nil, 0x4f, a.aid()[5:]...)
	return appendTLV(nil, 0x61, appendTLV(template, 0x79, authority...)...)
}

func (a *pivApplet) leave() {
	a.verified, a.fresh, a.authed = false, false, false
	a.witness, a.challenge = nil, nil
}

func (a *pivApplet) command(c command) ([]byte, status) {
	if !a.knows(c.ins) || a.y.options.Quirks.lacks(c.ins) {
		return nil, swInstruction
	}
	if c.ins != 0x87 {
		a.witness, a.challenge = nil, nil
	}
	return map[byte]func(command) ([]byte, status){
		0x20: a.verify, 0x24: a.changeReference, 0x2c: a.resetRetry, 0x47: a.generate,
		0x87: a.generalAuthenticate, 0xcb: a.getData, 0xdb: a.putData,
		0xf6: a.moveKey, 0xf7: a.metadata, 0xf8: a.serial, 0xf9: a.attest, 0xfa: a.setRetries,
		0xfb: a.reset, 0xfd: a.tellVersion, 0xfe: a.importKey, 0xff: a.setManagementKey,
	}[c.ins](c)
}

// knows tells which instructions its version has.
func (a *pivApplet) knows(ins byte) bool {
	v := a.y.version
	switch ins {
	case 0x20, 0x24, 0x2c, 0x47, 0x87, 0xcb, 0xdb, 0xfa, 0xfb, 0xfd, 0xfe, 0xff:
		return true
	case 0xf6:
		return v.from(5, 7, 0)
	case 0xf7:
		return v.from(5, 3, 0)
	case 0xf8:
		return v.from(5, 0, 0)
	case 0xf9:
		return v.from(4, 3, 0)
	}
	return false
}

func (a *pivApplet) tellVersion(c command) ([]byte, status) {
	if c.p1 != 0 || c.p2 != 0 {
		return nil, swWrongP1P2
	}
	return bytes.Clone(a.y.version[:]), swOK
}

func (a *pivApplet) serial(c command) ([]byte, status) {
	if c.p1 != 0 || c.p2 != 0 {
		return nil, swWrongP1P2
	}
	return a.y.options.serialBytes(), swOK
}

// reset makes it new, if both PIN and PUK are blocked. The attestation key
// stays.
func (a *pivApplet) reset(c command) ([]byte, status) {
	if c.p1 != 0 || c.p2 != 0 {
		return nil, swWrongP1P2
	}
	if a.pin.tries > 0 || a.puk.tries > 0 {
		return nil, swConditions
	}
	attestation, certificate := a.keys[slotAttestation], a.objects[objectAttestation]
	*a = pivApplet{
		y: a.y, pin: newReference("", defaultPIN), puk: newReference("", defaultPUK),
		management: newManagementKey(nil, a.y.version),
		keys:       map[byte]*pivKey{}, objects: map[int][]byte{},
	}
	if attestation != nil {
		a.keys[slotAttestation], a.objects[objectAttestation] = attestation, certificate
	}
	return nil, swOK
}
