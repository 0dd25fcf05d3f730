// Package totp knows time-based one-time passwords (RFC 6238): the texts in
// which a secret comes (otpauth URIs, base32, Google Authenticator's exports),
// the codes that it gives, and the [Ledger] that sees to it that no code is
// released twice.
//
// Parsing is strict and comes before github.com/pquerna/otp, which computes
// the codes and would accept an empty secret or a million digits. The package
// does not read pictures (see token/qr), keep secrets (see keystore) or ask
// anybody anything.
package totp

import (
	"encoding/base32"
	"fmt"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"github.com/mfad/mfad/internal/errcode"

	"github.com/mfad/mfad/internal/forget"
)

// ErrBadSeed is wrapped by every error about a text that holds no usable
// secret. The text around it names the part that is wrong and what to do, and
// never quotes the secret.
var ErrBadSeed = errcode.New(errcode.BadSeed, "bad seed")

func badSeed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrBadSeed}, args...)...)
}

// Algorithm is the hash under the HMAC, named as otpauth URIs do.
type Algorithm string

// The algorithms of RFC 6238. AWS uses SHA1.
const (
	SHA1   Algorithm = "SHA1"
	SHA256 Algorithm = "SHA256"
	SHA512 Algorithm = "SHA512"
)

var hashes = map[Algorithm]otp.Algorithm{
	SHA1:   otp.AlgorithmSHA1,
	SHA256: otp.AlgorithmSHA256,
	SHA512: otp.AlgorithmSHA512,
}

// What a key may be. The lower bound of the secret is Google's 16 base32
// characters; the upper is the longest block of the three hashes.
const (
	minSecret, maxSecret = 10, 128
	minDigits, maxDigits = 6, 8
	minPeriod, maxPeriod = 15 * time.Second, 120 * time.Second
	maxLabel             = 256 // bytes of the issuer, and of the account
)

// What a key is when its text does not say: the defaults of otpauth, and what
// AWS uses.
const (
	defaultDigits = 6
	defaultPeriod = 30 * time.Second
)

// A Key is one account of an authenticator. Copies share the seed: Wipe on one
// wipes all.
type Key struct {
	Issuer, Account string // public; printable, possibly empty
	Seed            Seed
	Digits          int           // 6, 7 or 8
	Period          time.Duration // whole seconds, 15 s to 120 s
	Algorithm       Algorithm
}

// Code computes the code of the step that t falls in. It fails when k was
// wiped or holds what [Parse] would refuse, and for a time before 1970.
func (k *Key) Code(t time.Time) (string, error) {
	if err := k.check(); err != nil {
		return "", err
	}
	if t.Unix() < 0 {
		return "", fmt.Errorf("computing a code: the time is before 1970: set the clock")
	}
	// pquerna/otp takes the secret as a base32 string. Padded and in capitals it
	// is not copied on the way, but this string and what it decodes to cannot be
	// wiped by us.
	step := uint64(t.Unix()) / uint64(k.Period/time.Second)
	return forget.Value(func() (string, error) {
		secret := base32.StdEncoding.EncodeToString(k.Seed.bytes())
		return hotp.GenerateCodeCustom(secret, step, hotp.ValidateOpts{
			Digits:    otp.Digits(k.Digits),
			Algorithm: hashes[k.Algorithm],
		})
	})
}

// Wipe overwrites the seed; k gives no codes any more.
func (k *Key) Wipe() { k.Seed.Wipe() }

// WipeAll wipes every key.
func WipeAll(keys []Key) {
	for i := range keys {
		keys[i].Wipe()
	}
}

// check says what is wrong with a key, whatever it was read from.
func (k *Key) check() error {
	if err := checkSecretLen(len(k.Seed.bytes())); err != nil {
		return err
	}
	if k.Digits < minDigits || k.Digits > maxDigits {
		return badSeed("digits must be %d to %d: AWS uses 6", minDigits, maxDigits)
	}
	if err := checkPeriod(k.Period); err != nil {
		return badSeed("%w: AWS uses 30", err)
	}
	if _, known := hashes[k.Algorithm]; !known {
		return badSeed("algorithm must be SHA1, SHA256 or SHA512: AWS uses SHA1")
	}
	if err := checkLabel("issuer", k.Issuer); err != nil {
		return err
	}
	return checkLabel("account", k.Account)
}

func checkSecretLen(n int) error {
	switch {
	case n == 0:
		return badSeed("the secret is empty: copy it again")
	case n < minSecret || n > maxSecret:
		return badSeed("the secret has %d bytes, not %d to %d: copy it again, whole", n, minSecret, maxSecret)
	}
	return nil
}

func checkPeriod(p time.Duration) error {
	if p < minPeriod || p > maxPeriod || p%time.Second != 0 {
		return fmt.Errorf("period must be %d to %d whole seconds", minPeriod/time.Second, maxPeriod/time.Second)
	}
	return nil
}

func checkLabel(field, text string) error {
	switch {
	case len(text) > maxLabel:
		return badSeed("the %s has %d bytes, more than %d: shorten it", field, len(text), maxLabel)
	case !printable(text):
		return badSeed("the %s holds a control or invisible character: remove it", field)
	}
	return nil
}
