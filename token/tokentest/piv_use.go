package tokentest

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
)

// generalAuthenticate is SP 800-73-4 part 2, 3.2.4.
func (a *pivApplet) generalAuthenticate(c command) ([]byte, status) {
	template, ok := only(c.data, 0x7c)
	if !ok {
		return nil, swWrongData
	}
	parts, ok := parseTLVs(template)
	if !ok {
		return nil, swWrongData
	}
	if c.p2 == slotManagement {
		return a.authenticateManagement(c, parts)
	}
	a.witness, a.challenge = nil, nil
	if !isKeySlot(c.p2) || c.p2 == slotAttestation {
		return nil, swWrongP1P2
	}
	key := a.keys[c.p2]
	if key == nil {
		return nil, swNoReference
	}
	if key.algorithm != c.p1 {
		return nil, swWrongData
	}
	return a.use(key, parts)
}

// use asks for an empty response (82) and takes either a challenge to sign or
// decrypt (81) or a point to multiply (85).
func (a *pivApplet) use(key *pivKey, parts []tlv) ([]byte, status) {
	wanted, ok := find(parts, 0x82)
	challenge, signs := find(parts, 0x81)
	point, agrees := find(parts, 0x85)
	if !ok || len(wanted) != 0 || signs == agrees || len(parts) != 2 {
		return nil, swWrongData
	}
	fresh := a.fresh
	a.fresh = false
	switch key.pin {
	case pinOnce:
		if !a.verified {
			return nil, swSecurity
		}
	case pinAlways:
		if !fresh {
			return nil, swSecurity
		}
	}
	var compute func() []byte
	switch {
	case agrees:
		compute = key.agreement(point)
	default:
		compute = key.signature(challenge)
	}
	if compute == nil {
		return nil, swWrongData
	}
	if !a.touched(key.touch) {
		return nil, swSecurity
	}
	out := compute()
	if out == nil {
		return nil, swUnexpected
	}
	return appendTLV(nil, 0x7c, appendTLV(nil, 0x82, out...)...), swOK
}

// touched waits for a touch if the policy asks for one.
func (a *pivApplet) touched(policy byte) bool {
	switch policy {
	case policyAlways:
		return a.y.awaitTouch()
	case touchCached:
		return a.y.touch.recent() || a.y.awaitTouch()
	}
	return true
}

// agreement returns what computes ECDH with a point, nil if the point is not on
// the key's curve or the key has none.
func (k *pivKey) agreement(point []byte) func() []byte {
	private, ok := k.private.(*ecdsa.PrivateKey)
	if !ok {
		return nil
	}
	key := mustECDH(private)
	peer, err := key.Curve().NewPublicKey(point)
	if err != nil {
		return nil
	}
	return func() []byte {
		secret, err := key.ECDH(peer)
		if err != nil {
			return nil
		}
		return secret
	}
}

// signature returns what signs a hash (at most as long as the curve's order),
// or does RSA with a number as it is; nil if it cannot be.
func (k *pivKey) signature(challenge []byte) func() []byte {
	switch key := k.private.(type) {
	case *ecdsa.PrivateKey:
		if len(challenge) == 0 || len(challenge) > (key.Curve.Params().BitSize+7)/8 {
			return nil
		}
		return func() []byte {
			signature, err := ecdsa.SignASN1(rand.Reader, key, challenge)
			if err != nil {
				return nil
			}
			return signature
		}
	case *rsa.PrivateKey:
		message := new(big.Int).SetBytes(challenge)
		if len(challenge) != key.Size() || message.Cmp(key.N) >= 0 {
			return nil
		}
		return func() []byte {
			return new(big.Int).Exp(message, key.D, key.N).FillBytes(make([]byte, key.Size()))
		}
	}
	return nil
}
