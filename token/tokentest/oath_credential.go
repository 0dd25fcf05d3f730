package tokentest

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Credential is an account that the OATH applet holds.
type Credential struct {
	Name      string
	Type      string // "totp" or "hotp"
	Algorithm string // "SHA1", "SHA256", "SHA512"
	Digits    int
	Touch     bool
	Counter   uint32 // HOTP
	Key       []byte
}

// Credentials are the accounts of the OATH applet, in its order.
func (y *YubiKey) Credentials() []Credential {
	y.mu.Lock()
	defer y.mu.Unlock()
	var all []Credential
	for _, e := range y.oath.entries {
		if e == nil {
			continue
		}
		kind := "totp"
		if e.kind&0xf0 == oathTypeHOTP {
			kind = "hotp"
		}
		all = append(all, Credential{
			Name: e.name, Type: kind, Digits: int(e.digits), Touch: e.touch, Counter: e.counter,
			Algorithm: []string{"", "SHA1", "SHA256", "SHA512"}[e.kind&0x0f], Key: bytes.Clone(e.key),
		})
	}
	return all
}

func (a *oathApplet) find(name []byte) int {
	return slices.IndexFunc(a.entries, func(e *oathCredential) bool { return e != nil && e.name == string(name) })
}

func (a *oathApplet) put(c command) ([]byte, status) {
	e, ok := a.parsePut(c.data)
	if !ok {
		return nil, swWrongData
	}
	at := a.find([]byte(e.name))
	if at >= 0 && a.y.options.RefuseOverwrite {
		return nil, swConditions
	}
	if at < 0 {
		at = slices.Index(a.entries, nil)
	}
	if at < 0 {
		return nil, swFull
	}
	a.entries[at] = e
	return nil, swOK
}

// parsePut takes name, key and then maybe property and initial counter; the
// property is a tag and a value without a length.
func (a *oathApplet) parsePut(data []byte) (*oathCredential, bool) {
	name, rest, ok := cutTLV(data)
	if !ok || name.tag != oathName || len(name.value) == 0 || len(name.value) > oathMaxName {
		return nil, false
	}
	key, rest, ok := cutTLV(rest)
	if !ok || key.tag != oathKey || len(key.value) < 2+oathMinKey {
		return nil, false
	}
	e := &oathCredential{name: string(name.value), kind: key.value[0], digits: key.value[1], key: bytes.Clone(key.value[2:])}
	if !a.fit(e) {
		return nil, false
	}
	if len(rest) >= 2 && rest[0] == oathProperty {
		if rest[1]&^0x03 != 0 {
			return nil, false
		}
		e.touch, rest = rest[1]&0x02 != 0, rest[2:]
	}
	if len(rest) > 0 {
		counter, ok := only(rest, oathIMF)
		if !ok || len(counter) != 4 {
			return nil, false
		}
		e.counter = binary.BigEndian.Uint32(counter)
	}
	return e, true
}

func (a *oathApplet) fit(e *oathCredential) bool {
	kind, algorithm := e.kind&0xf0, e.kind&0x0f
	if kind != oathTypeHOTP && kind != oathTypeTOTP || e.digits < 6 || e.digits > 8 {
		return false
	}
	sum := hashOf(algorithm)
	if sum == nil || algorithm == 3 && !a.y.version.from(4, 3, 1) {
		return false
	}
	return len(e.key) <= sum().BlockSize()
}

func (a *oathApplet) remove(c command) ([]byte, status) {
	name, ok := only(c.data, oathName)
	if !ok {
		return nil, swWrongData
	}
	at := a.find(name)
	if at < 0 {
		return nil, swNoSuchObject
	}
	a.entries[at] = nil
	return nil, swOK
}

func (a *oathApplet) rename(c command) ([]byte, status) {
	names, ok := parseTLVs(c.data)
	if !ok || len(names) != 2 || names[0].tag != oathName || names[1].tag != oathName {
		return nil, swWrongData
	}
	if n := len(names[1].value); n == 0 || n > oathMaxName {
		return nil, swWrongData
	}
	at := a.find(names[0].value)
	if at < 0 {
		return nil, swNoSuchObject
	}
	if other := a.find(names[1].value); other >= 0 && other != at {
		return nil, swConditions
	}
	a.entries[at].name = string(names[1].value)
	return nil, swOK
}

func (a *oathApplet) list(c command) ([]byte, status) {
	if c.p1 != 0 || c.p2 != 0 {
		return nil, swWrongP1P2
	}
	var out []byte
	if a.y.options.Quirks.ForeignRecords {
		for _, record := range foreignRecords {
			out = appendTLV(out, oathListed, []byte(record)...)
		}
	}
	for _, e := range a.entries {
		if e != nil {
			out = appendTLV(out, oathListed, append([]byte{e.kind}, e.name...)...)
		}
	}
	return out, swOK
}

func (a *oathApplet) calculate(c command) ([]byte, status) {
	if c.p1 != 0 || c.p2 > 1 {
		return nil, swWrongP1P2
	}
	objects, ok := parseTLVs(c.data)
	if !ok || len(objects) != 2 || objects[0].tag != oathName || objects[1].tag != oathChallenge {
		return nil, swWrongData
	}
	at := a.find(objects[0].value)
	if at < 0 {
		return nil, swNoSuchObject
	}
	e, challenge := a.entries[at], objects[1].value
	if e.kind&0xf0 == oathTypeTOTP && (len(challenge) == 0 || len(challenge) > 64) {
		return nil, swWrongData
	}
	if e.touch && !a.y.awaitTouch() {
		return nil, swSecurity
	}
	return e.response(challenge, c.p2 == 1), swOK
}

func (a *oathApplet) calculateAll(c command) ([]byte, status) {
	if c.p1 != 0 || c.p2 > 1 {
		return nil, swWrongP1P2
	}
	challenge, ok := only(c.data, oathChallenge)
	if !ok || len(challenge) == 0 || len(challenge) > 64 {
		return nil, swWrongData
	}
	var out []byte
	for _, e := range a.entries {
		if e == nil {
			continue
		}
		out = appendTLV(out, oathName, []byte(e.name)...)
		switch {
		case e.kind&0xf0 == oathTypeHOTP:
			out = appendTLV(out, oathHOTP, e.digits)
		case e.touch:
			out = appendTLV(out, oathTouch, e.digits)
		default:
			out = append(out, e.response(challenge, c.p2 == 1)...)
		}
	}
	return out, swOK
}

// response is digits and HMAC, whole or truncated by RFC 4226, 5.3. HOTP takes
// its own counter, and counts.
func (e *oathCredential) response(challenge []byte, truncated bool) []byte {
	if e.kind&0xf0 == oathTypeHOTP {
		challenge = binary.BigEndian.AppendUint64(nil, uint64(e.counter))
		e.counter++
	}
	sum := oathHMAC(e.kind&0x0f, e.key, challenge)
	if !truncated {
		return appendTLV(nil, oathFull, append([]byte{e.digits}, sum...)...)
	}
	at := sum[len(sum)-1] & 0x0f
	code := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	return appendTLV(nil, oathTruncated, binary.BigEndian.AppendUint32([]byte{e.digits}, code)...)
}
