package ctap

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"unicode/utf8"
)

const (
	minPIN    = 4  // code points
	maxPIN    = 63 // bytes
	paddedPIN = 64
)

// hashPIN is all that a key keeps of a PIN.
func hashPIN(pin []byte) []byte {
	sum := sha256.Sum256(pin)
	return sum[:16]
}

// Subcommands of authenticatorClientPIN (6.5.5).
const (
	getRetries      = 1
	getKeyAgreement = 2
	setPIN          = 3
	changePIN       = 4
	getPINToken     = 5
)

type clientPINParams struct {
	Protocol   uint64   `cbor:"1,keyasint"`
	Subcommand uint64   `cbor:"2,keyasint"`
	Agreement  *coseKey `cbor:"3,keyasint"`
	PINAuth    []byte   `cbor:"4,keyasint"`
	NewPINEnc  []byte   `cbor:"5,keyasint"`
	PINHashEnc []byte   `cbor:"6,keyasint"`
}

func (k *Key) clientPIN(t *transaction, data []byte) (any, error) {
	var p clientPINParams
	if err := parse(data, &p); err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if p.Subcommand != getRetries && !slices.Contains(k.o.Protocols, p.Protocol) {
		return nil, StatusInvalidParameter
	}
	switch p.Subcommand {
	case getRetries:
		t.name += " getRetries"
		return map[int]any{3: k.a.retries}, nil
	case getKeyAgreement:
		t.name += " getKeyAgreement"
		return map[int]any{1: coseOf(algECDH, k.a.agreement.PublicKey().Bytes())}, nil
	case setPIN:
		t.name += " setPIN"
		return nil, k.a.setPIN(&p)
	case changePIN:
		t.name += " changePIN"
		return nil, k.a.changePIN(&p)
	case getPINToken:
		t.name += " getPINToken"
		return k.a.pinToken(&p)
	default:
		return nil, StatusInvalidParameter
	}
}

// setPIN: 6.5.5.5.
func (a *authenticator) setPIN(p *clientPINParams) error {
	if p.Agreement == nil || p.NewPINEnc == nil || p.PINAuth == nil {
		return StatusMissingParameter
	}
	if a.pin != nil {
		return StatusPINAuthInvalid
	}
	c, err := a.agree(p.Protocol, p.Agreement)
	if err != nil {
		return err
	}
	if !c.authentic(p.NewPINEnc, p.PINAuth) {
		return StatusPINAuthInvalid
	}
	return a.storePIN(c, p.NewPINEnc)
}

func (a *authenticator) storePIN(c *channelKeys, enc []byte) error {
	padded, ok := c.decrypt(enc)
	if !ok || len(padded) != paddedPIN {
		return StatusInvalidParameter
	}
	pin := bytes.TrimRight(padded, "\x00")
	if len(pin) > maxPIN || utf8.RuneCount(pin) < minPIN || bytes.IndexByte(pin, 0) >= 0 {
		return StatusPINPolicyViolation
	}
	a.pin, a.retries, a.wrongInARow = hashPIN(pin), maxRetries, 0
	a.renew()
	return nil
}

// changePIN: 6.5.5.6.
func (a *authenticator) changePIN(p *clientPINParams) error {
	if p.Agreement == nil || p.PINHashEnc == nil || p.NewPINEnc == nil || p.PINAuth == nil {
		return StatusMissingParameter
	}
	if a.pin == nil {
		return StatusPINNotSet
	}
	if a.retries == 0 {
		return StatusPINBlocked
	}
	c, err := a.agree(p.Protocol, p.Agreement)
	if err != nil {
		return err
	}
	if !c.authentic(slices.Concat(p.NewPINEnc, p.PINHashEnc), p.PINAuth) {
		return StatusPINAuthInvalid
	}
	if err := a.tryPIN(c, p.PINHashEnc); err != nil {
		return err
	}
	return a.storePIN(c, p.NewPINEnc)
}

// pinToken: 6.5.5.7.1.
func (a *authenticator) pinToken(p *clientPINParams) (any, error) {
	if p.Agreement == nil || p.PINHashEnc == nil {
		return nil, StatusMissingParameter
	}
	if a.pin == nil {
		return nil, StatusPINNotSet
	}
	c, err := a.agree(p.Protocol, p.Agreement)
	if err != nil {
		return nil, err
	}
	if err := a.tryPIN(c, p.PINHashEnc); err != nil {
		return nil, err
	}
	return map[int]any{2: c.encrypt(a.token[:])}, nil
}

// tryPIN counts down before it compares, so that no power cut gives a
// try away.
func (a *authenticator) tryPIN(c *channelKeys, enc []byte) error {
	switch {
	case a.retries == 0:
		return StatusPINBlocked
	case a.wrongInARow >= maxInARow:
		return StatusPINAuthBlocked
	}
	a.retries--
	hash, ok := c.decrypt(enc)
	if ok && len(hash) == 16 && subtle.ConstantTimeCompare(hash, a.pin) == 1 {
		a.retries, a.wrongInARow = maxRetries, 0
		return nil
	}
	a.wrongInARow++
	a.renew()
	switch {
	case a.retries == 0:
		return StatusPINBlocked
	case a.wrongInARow >= maxInARow:
		return StatusPINAuthBlocked
	default:
		return StatusPINInvalid
	}
}

// verify says whether the host knows the PIN, by its PIN token. Making a
// credential needs that if there is a PIN, asserting does not (CTAP 2.0).
func (k *Key) verify(t *transaction, tag []byte, protocol uint64, hash []byte, needed bool) (bool, error) {
	k.mu.Lock()
	set, token := k.a.pin != nil, k.a.token
	supported := slices.Contains(k.o.Protocols, protocol)
	k.mu.Unlock()
	switch {
	case tag != nil && len(tag) == 0: // "which of you is meant?": 6.1.2, step 1
		if s := t.touch(); s != StatusOK {
			return false, s
		}
		if set {
			return false, StatusPINInvalid
		}
		return false, StatusPINNotSet
	case tag == nil && needed && set:
		return false, StatusPINRequired
	case tag == nil:
		return false, nil
	case !supported:
		return false, StatusPINAuthInvalid
	case !set:
		return false, StatusPINNotSet
	case !authentic(protocol, token[:], hash, tag):
		return false, StatusPINAuthInvalid
	}
	return true, nil
}
