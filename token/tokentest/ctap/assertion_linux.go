package ctap

import (
	"crypto/hmac"
	"crypto/sha256"
)

type getAssertionParams struct {
	RPID           string       `cbor:"1,keyasint"`
	ClientDataHash []byte       `cbor:"2,keyasint"`
	Allow          []descriptor `cbor:"3,keyasint"`
	Extensions     struct {
		HMACSecret *hmacSecretParams `cbor:"hmac-secret"`
	} `cbor:"4,keyasint"`
	Options  map[string]bool `cbor:"5,keyasint"`
	PINAuth  []byte          `cbor:"6,keyasint"`
	Protocol uint64          `cbor:"7,keyasint"`
}

// hmacSecretParams is the extension's input (12.5).
type hmacSecretParams struct {
	Agreement *coseKey `cbor:"1,keyasint"`
	SaltEnc   []byte   `cbor:"2,keyasint"`
	SaltAuth  []byte   `cbor:"3,keyasint"`
	Protocol  uint64   `cbor:"4,keyasint"`
}

// getAssertion answers authenticatorGetAssertion (6.2).
func (k *Key) getAssertion(t *transaction, data []byte) (any, error) {
	var p getAssertionParams
	if err := parse(data, &p); err != nil {
		return nil, err
	}
	if p.RPID == "" || len(p.ClientDataHash) != sha256.Size {
		return nil, StatusMissingParameter
	}
	if err := options(p.Options, map[string][]bool{"up": {true, false}, "uv": {false}}); err != nil {
		return nil, err
	}
	up := true
	if v, given := p.Options["up"]; given && !v {
		up = false
		t.name += " up=false"
	}
	verified, err := k.verify(t, p.PINAuth, p.Protocol, p.ClientDataHash, false)
	if err != nil {
		return nil, err
	}
	if p.Extensions.HMACSecret != nil && !up {
		return nil, StatusUnsupportedOption
	}
	if up && !verified && k.o.AlwaysUV { // 6.2.2, step 5: not of a question without a touch
		return nil, StatusPINRequired
	}
	rp := sha256.Sum256([]byte(p.RPID))
	id := k.first(p.Allow, rp)
	if id == nil { // there are no resident ones to look for
		return nil, StatusNoCredentials
	}
	if up {
		if s := t.touch(); s != StatusOK {
			return nil, s
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.a.assert(&p, rp, id, up, verified)
}

func (a *authenticator) assert(p *getAssertionParams, rp [32]byte, id []byte, up, verified bool) (any, error) {
	var extensions map[string]any
	name := id
	id = a.real(id)
	if h := p.Extensions.HMACSecret; h != nil && id[nonceSize] == hasSecret {
		out, err := a.hmacSecret(h, rp, id, verified)
		if err != nil {
			return nil, err
		}
		extensions = map[string]any{"hmac-secret": out}
	}
	auth := a.authData(rp, up, verified, nil, extensions)
	return map[int]any{
		1: descriptor{ID: name, Type: "public-key"},
		2: auth,
		3: sign(a.signer(id, rp), auth, p.ClientDataHash),
	}, nil
}

// hmacSecret computes the extension's output: another secret serves who
// gave the PIN (12.5, CredRandomWithUV and CredRandomWithoutUV).
func (a *authenticator) hmacSecret(h *hmacSecretParams, rp [32]byte, id []byte, verified bool) ([]byte, error) {
	if h.Agreement == nil || h.SaltEnc == nil || h.SaltAuth == nil {
		return nil, StatusMissingParameter
	}
	if h.Protocol == 0 {
		h.Protocol = 1
	}
	c, err := a.agree(h.Protocol, h.Agreement)
	if err != nil {
		return nil, err
	}
	if !c.authentic(h.SaltEnc, h.SaltAuth) {
		return nil, StatusPINAuthInvalid
	}
	salts, ok := c.decrypt(h.SaltEnc)
	if !ok || len(salts) != 32 && len(salts) != 64 {
		return nil, StatusInvalidLength
	}
	purpose := "secret without PIN"
	if verified {
		purpose = "secret with PIN"
	}
	random := a.derive(purpose, id, rp)
	var out []byte
	for ; len(salts) > 0; salts = salts[32:] {
		mac := hmac.New(sha256.New, random)
		mac.Write(salts[:32])
		out = mac.Sum(out)
	}
	return c.encrypt(out), nil
}
