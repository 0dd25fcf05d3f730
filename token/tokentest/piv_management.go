package tokentest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
)

// Algorithms of the management key.
const (
	alg3DES   = 0x03
	algAES128 = 0x08
	algAES192 = 0x0a
	algAES256 = 0x0c
)

// factoryKey is Yubico's management key, of 3DES and, from 5.7, of AES-192.
var factoryKey = bytes.Repeat([]byte{1, 2, 3, 4, 5, 6, 7, 8}, 3)

var managementSizes = map[byte]int{alg3DES: 24, algAES128: 16, algAES192: 24, algAES256: 32}

// managementKey is the card management key, 9b.
type managementKey struct {
	algorithm byte
	key       []byte
	touch     byte
}

func newManagementKey(key []byte, v version) managementKey {
	if key == nil {
		key = factoryKey
	}
	algorithm := byte(alg3DES)
	switch {
	case len(key) == 16:
		algorithm = algAES128
	case len(key) == 32:
		algorithm = algAES256
	case v.from(5, 7, 0):
		algorithm = algAES192
	}
	return managementKey{algorithm: algorithm, key: bytes.Clone(key), touch: policyNever}
}

func (m managementKey) block() cipher.Block {
	make := aes.NewCipher
	if m.algorithm == alg3DES {
		make = des.NewTripleDESCipher
	}
	block, err := make(m.key)
	if err != nil {
		panic("tokentest: management key: " + err.Error()) // its size was checked
	}
	return block
}

func (m managementKey) encrypt(plain []byte) []byte {
	out := make([]byte, len(plain))
	m.block().Encrypt(out, plain)
	return out
}

// ManagementKey is the management key as it is now.
func (y *YubiKey) ManagementKey() []byte {
	y.mu.Lock()
	defer y.mu.Unlock()
	return bytes.Clone(y.piv.management.key)
}

// authenticateManagement is GENERAL AUTHENTICATE with 9b (SP 800-73-4 part 2,
// A.1): either only the host proves itself, by encrypting a challenge of the
// card, or both do, the host by decrypting the card's witness.
func (a *pivApplet) authenticateManagement(c command, parts []tlv) ([]byte, status) {
	m := a.management
	if c.p1 != m.algorithm && (c.p1 != 0 || m.algorithm != alg3DES) {
		return nil, swWrongData
	}
	size := m.block().BlockSize()
	witness, challenge := a.witness, a.challenge
	a.witness, a.challenge = nil, nil
	hostWitness, hasWitness := find(parts, 0x80)
	hostChallenge, hasChallenge := find(parts, 0x81)
	response, hasResponse := find(parts, 0x82)
	switch {
	case hasWitness && len(hostWitness) == 0 && !hasChallenge:
		a.witness = random(size)
		return appendTLV(nil, 0x7c, appendTLV(nil, 0x80, m.encrypt(a.witness)...)...), swOK
	case hasWitness && hasChallenge && len(hostChallenge) == size:
		if sw := a.admit(witness, hostWitness); sw != swOK {
			return nil, sw
		}
		return appendTLV(nil, 0x7c, appendTLV(nil, 0x82, m.encrypt(hostChallenge)...)...), swOK
	case !hasWitness && hasChallenge && len(hostChallenge) == 0:
		a.challenge = random(size)
		return appendTLV(nil, 0x7c, appendTLV(nil, 0x81, a.challenge...)...), swOK
	case !hasWitness && !hasChallenge && hasResponse && len(response) == size:
		if challenge == nil {
			return nil, swConditions
		}
		return nil, a.admit(m.encrypt(challenge), response)
	}
	return nil, swWrongData
}

// admit compares what the host must know, and waits for a touch if the key asks
// for one. A wrong answer ends what was admitted before.
func (a *pivApplet) admit(want, got []byte) status {
	if want == nil {
		return swConditions
	}
	a.authed = false
	if !hmac.Equal(want, got) {
		return swSecurity
	}
	if !a.touched(a.management.touch) {
		return swSecurity
	}
	a.authed = true
	return swOK
}

// setManagementKey is Yubico's: algorithm, 9b, length, key; P2 fe asks for
// touch.
func (a *pivApplet) setManagementKey(c command) ([]byte, status) {
	touches := map[byte]byte{0xff: policyNever, 0xfe: policyAlways}
	if c.p1 != 0xff || touches[c.p2] == 0 {
		return nil, swWrongP1P2
	}
	if !a.authed {
		return nil, swSecurity
	}
	if len(c.data) < 3 || c.data[1] != slotManagement {
		return nil, swWrongData
	}
	m := managementKey{algorithm: c.data[0], key: bytes.Clone(c.data[3:]), touch: touches[c.p2]}
	size, known := managementSizes[m.algorithm]
	if !known || int(c.data[2]) != size || len(m.key) != size || m.algorithm != alg3DES && !a.y.version.from(5, 4, 0) {
		return nil, swWrongData
	}
	a.management = m
	return nil, swOK
}
