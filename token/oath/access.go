package oath

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"fmt"

	"github.com/mfad/mfad/token"
)

// What an access code becomes: PBKDF2-HMAC-SHA1 over the applet's ID.
const (
	keyRounds = 1000
	keyLen    = 16
	nonceLen  = 8
)

// Key is the key to this applet that an access code gives; the caller wipes it. It
// is of use to no other applet, nor to this one after a reset.
func (a *Applet) Key(code []byte) []byte {
	// The standard library takes the code as a string: this copy, like the one
	// in the HMAC's state, is left to the garbage collector.
	key, err := pbkdf2.Key(sha1.New, string(code), a.salt, keyRounds, keyLen)
	if err != nil {
		// It refuses what these constants are not, and anything but FIPS
		// algorithms when the program was told to.
		panic("oath: deriving an access key: " + err.Error())
	}
	return key
}

// Unlock proves to the applet that the caller has the key to it, and to the
// caller that the applet has that key. An applet without an access code needs none:
// nil then. The error wraps token.ErrAccessCode if the key is another; there is
// no counter of tries.
func (a *Applet) Unlock(key []byte) error {
	if !a.Locked() {
		return nil
	}
	ours := make([]byte, nonceLen)
	rand.Read(ours)
	data := appendTLV(nil, tagFull, prove(key, a.challenge))
	data = appendTLV(data, tagChallenge, ours)
	answer, err := a.do(command{ins: insValidate, data: data})
	if err != nil {
		return fmt.Errorf("unlocking the OATH applet: %w", err)
	}
	proof, err := only(answer, tagFull)
	if err != nil {
		return fmt.Errorf("unlocking the OATH applet: %w", err)
	}
	if subtle.ConstantTimeCompare(proof, prove(key, ours)) != 1 {
		return fmt.Errorf("unlocking the OATH applet: %w: the token did not prove that it knows it", token.ErrAccessCode)
	}
	a.challenge = nil
	return nil
}

// SetKey makes key, from [Applet.Key], the key to the applet; none removes the
// one that is set. The applet must be open, and stays it until it is selected again.
func (a *Applet) SetKey(key []byte) error {
	data, err := setCode(key)
	if err != nil {
		return fmt.Errorf("setting the access code: %w", err)
	}
	defer clear(data)
	if _, err := a.do(command{ins: insSetCode, data: data}); err != nil {
		return fmt.Errorf("setting the access code: %w", err)
	}
	a.Protected = len(key) > 0
	return nil
}

func setCode(key []byte) ([]byte, error) {
	if len(key) == 0 {
		return appendTLV(nil, tagKey), nil
	}
	if len(key) != keyLen {
		return nil, fmt.Errorf("%w: an access key of %d bytes, not %d", token.ErrInvalid, len(key), keyLen)
	}
	ours := make([]byte, nonceLen)
	rand.Read(ours)
	data := make([]byte, 0, 64) // room for all, so that no copy is left behind
	data = appendTLV(data, tagKey, []byte{typeTOTP | algorithmSHA1}, key)
	data = appendTLV(data, tagChallenge, ours)
	return appendTLV(data, tagFull, prove(key, ours)), nil
}

func prove(key, challenge []byte) []byte {
	h := hmac.New(sha1.New, key)
	h.Write(challenge)
	return h.Sum(nil)
}
