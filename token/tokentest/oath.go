package tokentest

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
)

// Tags of the YKOATH protocol.
const (
	oathName      = 0x71
	oathListed    = 0x72
	oathKey       = 0x73
	oathChallenge = 0x74
	oathFull      = 0x75 // also: response
	oathTruncated = 0x76
	oathHOTP      = 0x77
	oathProperty  = 0x78
	oathVersion   = 0x79
	oathIMF       = 0x7a
	oathAlgorithm = 0x7b
	oathTouch     = 0x7c
	oathPINTries  = 0x82 // a Nitrokey's
)

const (
	oathTypeHOTP = 0x10
	oathTypeTOTP = 0x20
	oathMinKey   = 14
	oathMaxName  = 64
)

// oathApplet is the OATH applet. What it holds outlives the loss of power.
type oathApplet struct {
	y       *YubiKey
	salt    []byte            // its ID; a reset makes another
	access  *oathAccess       // nil: open to all
	entries []*oathCredential // by place; nil: free

	challenge []byte // of this selection
	validated bool
}

type oathAccess struct {
	algorithm byte
	key       []byte
}

// oathCredential is an account.
type oathCredential struct {
	name    string
	kind    byte // type and algorithm
	digits  byte
	key     []byte
	touch   bool
	counter uint32 // HOTP
}

func newOATHApplet(y *YubiKey) *oathApplet {
	a := &oathApplet{y: y}
	a.wipe()
	return a
}

func (a *oathApplet) wipe() {
	room := 32
	if a.y.version.from(5, 7, 0) {
		room = 64
	}
	a.salt, a.access, a.entries = random(8), nil, make([]*oathCredential, room)
}

func (a *oathApplet) aid() []byte     { return []byte("\xa0\x00\x00\x05\x27\x21\x01\x01") }
func (a *oathApplet) remaining() byte { return insSendRemain }
func (a *oathApplet) leave()          { a.validated, a.challenge = false, nil }

// enter asks for the access code again at each SELECT.
func (a *oathApplet) enter(bool) []byte {
	a.leave()
	out := appendTLV(nil, oathVersion, a.y.version[:]...)
	if a.y.options.Quirks.OATHPIN {
		return appendTLV(out, oathPINTries, 8)
	}
	out = appendTLV(out, oathName, a.salt...)
	if a.access != nil {
		a.challenge = random(8)
		out = appendTLV(out, oathChallenge, a.challenge...)
		out = appendTLV(out, oathAlgorithm, a.access.algorithm)
	}
	return out
}

func (a *oathApplet) command(c command) ([]byte, status) {
	do, ok := map[byte]func(command) ([]byte, status){
		0x01: a.put, 0x02: a.remove, 0x03: a.setCode, 0x04: a.reset, 0x05: a.rename,
		0xa1: a.list, 0xa2: a.calculate, 0xa3: a.validate, 0xa4: a.calculateAll,
	}[c.ins]
	if !ok || c.ins == 0x05 && !a.y.version.from(5, 3, 1) || a.lacks(c) {
		return nil, swInstruction
	}
	locked := a.access != nil && !a.validated
	if locked && c.ins != 0xa3 && c.ins != 0x04 {
		return nil, swSecurity
	}
	return do(c)
}

// lacks tells whether a quirk takes a command away.
func (a *oathApplet) lacks(c command) bool {
	q := a.y.options.Quirks
	switch c.ins {
	case 0xa1:
		return q.NoList
	case 0xa2:
		return q.NoFullResponse && c.p2 == 0
	case 0xa4:
		return q.NoCalculateAll
	}
	return false
}

func (a *oathApplet) reset(c command) ([]byte, status) {
	if c.p1 != 0xde || c.p2 != 0xad {
		return nil, swWrongP1P2
	}
	a.wipe()
	a.leave()
	return nil, swOK
}

// validate proves each side to the other: response, challenge.
func (a *oathApplet) validate(c command) ([]byte, status) {
	objects, ok := parseTLVs(c.data)
	if !ok || len(objects) != 2 || objects[0].tag != oathFull || objects[1].tag != oathChallenge {
		return nil, swWrongData
	}
	if a.access == nil {
		return nil, swNoSuchObject
	}
	if !hmac.Equal(objects[0].value, a.access.sum(a.challenge)) {
		return nil, swWrongData
	}
	a.validated = true
	return appendTLV(nil, oathFull, a.access.sum(objects[1].value)...), swOK
}

// setCode sets the key to the applet, with a proof that the caller has it, or
// removes it.
func (a *oathApplet) setCode(c command) ([]byte, status) {
	objects, ok := parseTLVs(c.data)
	if !ok || len(objects) > 0 && objects[0].tag != oathKey {
		return nil, swWrongData
	}
	if len(objects) == 0 || len(objects) == 1 && len(objects[0].value) == 0 {
		a.access = nil
		return nil, swOK
	}
	if len(objects) != 3 || len(objects[0].value) < 2 || objects[1].tag != oathChallenge || objects[2].tag != oathFull {
		return nil, swWrongData
	}
	access := &oathAccess{algorithm: objects[0].value[0] & 0x0f, key: bytes.Clone(objects[0].value[1:])}
	if hashOf(access.algorithm) == nil {
		return nil, swWrongData
	}
	if !hmac.Equal(objects[2].value, access.sum(objects[1].value)) {
		return nil, swNoSuchObject
	}
	a.access, a.validated = access, true
	return nil, swOK
}

func (access *oathAccess) sum(challenge []byte) []byte {
	return oathHMAC(access.algorithm, access.key, challenge)
}

func oathHMAC(algorithm byte, key, message []byte) []byte {
	mac := hmac.New(hashOf(algorithm), key)
	mac.Write(message)
	return mac.Sum(nil)
}

func hashOf(algorithm byte) func() hash.Hash {
	return map[byte]func() hash.Hash{1: sha1.New, 2: sha256.New, 3: sha512.New}[algorithm]
}

// OATHID is the identifier of the OATH applet, in hexadecimal.
func (y *YubiKey) OATHID() string {
	y.mu.Lock()
	defer y.mu.Unlock()
	return hex.EncodeToString(y.oath.salt)
}

// random panics never: the reader of the system does not fail.
func random(n int) []byte {
	p := make([]byte, n)
	_, _ = rand.Read(p)
	return p
}
