package tokentest

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
)

// Algorithms of keys in slots.
const (
	algRSA1024 = 0x06
	algRSA2048 = 0x07
	algP256    = 0x11
	algP384    = 0x14
)

// Policies, of PIN and touch.
const (
	policyDefault = 0
	policyNever   = 1
	pinOnce       = 2
	pinAlways     = 3
	policyAlways  = 2 // touch
	touchCached   = 3
)

var (
	rsaBits = map[byte]int{algRSA1024: 1024, algRSA2048: 2048}
	curves  = map[byte]elliptic.Curve{algP256: elliptic.P256(), algP384: elliptic.P384()}
)

// isKeySlot: 9a 9c 9d 9e, the retired 82 to 95, and f9.
func isKeySlot(slot byte) bool {
	switch slot {
	case 0x9a, 0x9c, 0x9d, 0x9e, slotAttestation:
		return true
	}
	return slot >= 0x82 && slot <= 0x95
}

// withPolicies fills in the defaults of the slot: 9c asks for the PIN always,
// 9e never, the others once.
func (a *pivApplet) withPolicies(slot byte, parts []tlv, key *pivKey) status {
	pin, touch := byte(policyDefault), byte(policyDefault)
	for _, part := range parts {
		if part.tag != 0xaa && part.tag != 0xab {
			continue
		}
		if len(part.value) != 1 || part.value[0] > 3 || !a.y.version.from(4, 0, 0) {
			return swWrongData
		}
		if part.tag == 0xaa {
			pin = part.value[0]
		} else {
			touch = part.value[0]
		}
	}
	if touch == touchCached && !a.y.version.from(4, 3, 0) {
		return swWrongData
	}
	if pin == policyDefault {
		pin = map[byte]byte{0x9c: pinAlways, 0x9e: policyNever}[slot]
		if pin == policyDefault {
			pin = pinOnce
		}
	}
	if touch == policyDefault {
		touch = policyNever
	}
	key.pin, key.touch = pin, touch
	return swOK
}

// generate is GENERATE ASYMMETRIC KEY PAIR, SP 800-73-4 part 2, 3.3.2.
func (a *pivApplet) generate(c command) ([]byte, status) {
	if c.p1 != 0 || !isKeySlot(c.p2) {
		return nil, swWrongP1P2
	}
	if !a.y.options.Quirks.slotThere(c.p2) {
		return nil, a.y.options.Quirks.wrongSlot()
	}
	if !a.authed {
		return nil, swSecurity
	}
	template, ok := only(c.data, 0xac)
	if !ok {
		return nil, swWrongData
	}
	parts, ok := parseTLVs(template)
	if !ok {
		return nil, swWrongData
	}
	algorithm, ok := find(parts, 0x80)
	if !ok || len(algorithm) != 1 {
		return nil, swWrongData
	}
	key := &pivKey{algorithm: algorithm[0], generated: true}
	if sw := a.withPolicies(c.p2, parts, key); sw != swOK {
		return nil, sw
	}
	if key.private = newPrivate(key.algorithm); key.private == nil {
		return nil, swWrongData
	}
	a.keys[c.p2] = key
	return appendTLV(nil, 0x7f49, key.public()...), swOK
}

// newPrivate returns nil for an algorithm that is not known.
func newPrivate(algorithm byte) crypto.PrivateKey {
	if curve := curves[algorithm]; curve != nil {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			return nil
		}
		return key
	}
	if bits := rsaBits[algorithm]; bits != 0 {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			return nil
		}
		return key
	}
	return nil
}

// public is the public key as the card tells it.
func (k *pivKey) public() []byte {
	switch key := k.private.(type) {
	case *ecdsa.PrivateKey:
		point, err := key.PublicKey.Bytes()
		if err != nil {
			panic("tokentest: public key: " + err.Error()) // it was made on the curve
		}
		return appendTLV(nil, 0x86, point...)
	case *rsa.PrivateKey:
		out := appendTLV(nil, 0x81, key.N.Bytes()...)
		return appendTLV(out, 0x82, big.NewInt(int64(key.E)).Bytes()...)
	}
	return nil
}

// importKey is Yubico's: the scalar, or the five numbers of an RSA key.
func (a *pivApplet) importKey(c command) ([]byte, status) {
	if !a.y.options.Quirks.slotThere(c.p2) {
		return nil, swWrongP1P2
	}
	if !a.authed {
		return nil, swSecurity
	}
	parts, ok := parseTLVs(c.data)
	if !ok {
		return nil, swWrongData
	}
	key := &pivKey{algorithm: c.p1}
	if sw := a.withPolicies(c.p2, parts, key); sw != swOK {
		return nil, sw
	}
	if curve := curves[c.p1]; curve != nil {
		scalar, _ := find(parts, 0x06)
		private, err := ecdsa.ParseRawPrivateKey(curve, scalar)
		if err != nil {
			return nil, swWrongData
		}
		key.private = private
	} else if private := parseRSA(rsaBits[c.p1], parts); private != nil {
		key.private = private
	} else {
		return nil, swWrongData
	}
	a.keys[c.p2] = key
	return nil, swOK
}

// parseRSA takes the primes; the other numbers follow from them.
func parseRSA(bits int, parts []tlv) *rsa.PrivateKey {
	for tag := 1; tag <= 5; tag++ {
		if part, ok := find(parts, tag); !ok || len(part) == 0 || len(part) > bits/16 {
			return nil
		}
	}
	pBytes, _ := find(parts, 1)
	qBytes, _ := find(parts, 2)
	p, q := new(big.Int).SetBytes(pBytes), new(big.Int).SetBytes(qBytes)
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537}, Primes: []*big.Int{p, q}}
	one := big.NewInt(1)
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	if key.D = new(big.Int).ModInverse(big.NewInt(int64(key.E)), phi); key.D == nil {
		return nil
	}
	if key.N.BitLen() != bits || key.Validate() != nil {
		return nil
	}
	return key
}

// moveKey is of 5.7: to slot P1 from slot P2; ff deletes.
func (a *pivApplet) moveKey(c command) ([]byte, status) {
	if !isKeySlot(c.p2) || c.p1 != 0xff && (!isKeySlot(c.p1) || c.p1 == slotAttestation) {
		return nil, swWrongP1P2
	}
	if !a.authed {
		return nil, swSecurity
	}
	key := a.keys[c.p2]
	if key == nil {
		return nil, swNoReference
	}
	if c.p1 != 0xff {
		if a.keys[c.p1] != nil || c.p2 == slotAttestation {
			return nil, swConditions
		}
		a.keys[c.p1] = key
	}
	delete(a.keys, c.p2)
	return nil, swOK
}

// Key returns the key in a slot of the PIV applet, nil if there is none: an
// *ecdh.PrivateKey or *rsa.PrivateKey. Real keys do not do that.
func (y *YubiKey) Key(slot byte) crypto.PrivateKey {
	y.mu.Lock()
	defer y.mu.Unlock()
	key := y.piv.keys[slot]
	if key == nil {
		return nil
	}
	if ec, ok := key.private.(*ecdsa.PrivateKey); ok {
		return mustECDH(ec)
	}
	return key.private
}

func mustECDH(key *ecdsa.PrivateKey) *ecdh.PrivateKey {
	out, err := key.ECDH()
	if err != nil {
		panic("tokentest: " + err.Error()) // both curves have it
	}
	return out
}
