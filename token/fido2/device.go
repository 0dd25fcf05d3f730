//go:build cgo && (linux || darwin)

package fido2

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"fmt"
	"time"
	"unsafe"

	libfido2 "github.com/keys-pub/go-libfido2"

	"github.com/mfad/mfad/token"
)

var (
	// touchLimit is for how long a key may wait for a touch; keys themselves
	// give up after 30 s.
	touchLimit = 20 * time.Second
	// answerLimit is for what needs no person.
	answerLimit = 5 * time.Second
	// cancelLimit: a device that does not react to a cancel never will.
	cancelLimit = time.Second
)

const cancelEvery = 20 * time.Millisecond

// silent keeps go-libfido2 from writing to standard error.
type silent struct{}

func (silent) Debugf(string, ...any)   {}
func (silent) Infof(string, ...any)    {}
func (silent) Warningf(string, ...any) {}
func (silent) Errorf(string, ...any)   {}
func (silent) Fatalf(string, ...any)   {}

func init() { libfido2.SetLogger(silent{}) }

// call runs f on the device at path until ctx ends, whose cause it then
// returns. f is cancelled; a cancel that comes while the device is being opened,
// or between two commands, is lost, hence it is repeated. A device that is
// deaf is left alone, with f and a thread.
func call[T any](ctx context.Context, path string, f func(*libfido2.Device) (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	var none T
	if ctx.Err() != nil {
		return none, context.Cause(ctx)
	}
	d, err := libfido2.NewDevice(path)
	if err != nil {
		return none, classify(path, err)
	}
	results := make(chan result, 1)
	go func() {
		v, err := f(d)
		results <- result{v, err}
	}()
	select {
	case r := <-results:
		return r.value, classify(path, r.err)
	case <-ctx.Done():
	}
	again := time.NewTicker(cancelEvery)
	defer again.Stop()
	limit := time.After(cancelLimit)
	for {
		cancel(d)
		select {
		case r := <-results:
			if r.err == nil {
				return r.value, nil
			}
			return none, context.Cause(ctx)
		case <-limit:
			return none, context.Cause(ctx)
		case <-again.C:
		}
	}
}

// quick is call for what needs no person.
func quick[T any](ctx context.Context, path string, f func(*libfido2.Device) (T, error)) (T, error) {
	ctx, stop := context.WithTimeoutCause(ctx, answerLimit,
		fmt.Errorf("no answer within %v; pull the key out and plug it in again: %w", answerLimit, token.ErrBusy))
	defer stop()
	return call(ctx, path, f)
}

// touched is call for what needs a touch; the person is told.
func touched[T any](ctx context.Context, t token.Token, person token.Person, f func(*libfido2.Device) (T, error)) (T, error) {
	ctx, stop := context.WithTimeoutCause(ctx, touchLimit, token.ErrTouch)
	defer stop()
	done := person.Await(ctx, token.Waiting{For: token.AwaitTouch, Token: bare(t)})
	defer done()
	return call(ctx, t.Place, f)
}

// bare is a token without its applets, as a person is told of it.
func bare(t token.Token) token.Token {
	return token.Token{Serial: t.Serial, Model: t.Model, Version: t.Version, Place: t.Place}
}

// retries reads how many tries the PIN has left.
func retries(ctx context.Context, path string) (int, error) {
	n, err := quick(ctx, path, (*libfido2.Device).RetryCount)
	if err != nil {
		return token.Unknown, fmt.Errorf("reading the tries left for the PIN: %w", err)
	}
	return n, nil
}

// knows asks without a touch whether the device made the credential.
func knows(ctx context.Context, path string, credential []byte) error {
	_, err := quick(ctx, path, func(d *libfido2.Device) (*libfido2.Assertion, error) {
		return d.Assertion(relyingParty, libfido2.RandBytes(32), [][]byte{credential}, "",
			&libfido2.AssertionOpts{UP: libfido2.False})
	})
	return err
}

// secretKey asks for the hmac-secret, which is the private key. pin is nil for
// the secret of who gave none.
func secretKey(ctx context.Context, t token.Token, i Identity, pin []byte, person token.Person) (*ecdh.PrivateKey, error) {
	// A call that was left alone may outlive the caller's PIN.
	own := bytes.Clone(pin)
	a, err := touched(ctx, t, person, func(d *libfido2.Device) (*libfido2.Assertion, error) {
		defer clear(own)
		return d.Assertion(relyingParty, libfido2.RandBytes(32), [][]byte{i.Credential}, text(own),
			&libfido2.AssertionOpts{Extensions: []libfido2.Extension{libfido2.HMACSecretExtension}, HMACSalt: i.Salt[:]})
	})
	if err != nil {
		return nil, fmt.Errorf("asking %v for its secret: %w", t, err)
	}
	defer clear(a.HMACSecret)
	key, err := ecdh.X25519().NewPrivateKey(a.HMACSecret)
	if err != nil {
		return nil, fmt.Errorf("asking %v for its secret: it gave none: %w", t, token.ErrUnsupported)
	}
	return key, nil
}

// makeCredential makes a non-resident credential and returns its ID.
func makeCredential(ctx context.Context, t token.Token, pin []byte, person token.Person) ([]byte, error) {
	own := bytes.Clone(pin)
	user := make([]byte, 32)
	rand.Read(user)
	a, err := touched(ctx, t, person, func(d *libfido2.Device) (*libfido2.Attestation, error) {
		defer clear(own)
		return d.MakeCredential(libfido2.RandBytes(32),
			libfido2.RelyingParty{ID: relyingParty, Name: "age"},
			libfido2.User{ID: user, Name: token.PluginName}, libfido2.ES256, text(own),
			&libfido2.MakeCredentialOpts{Extensions: []libfido2.Extension{libfido2.HMACSecretExtension}})
	})
	if err != nil {
		return nil, fmt.Errorf("making a credential on %v: %w", t, err)
	}
	if len(a.CredentialID) == 0 || len(a.CredentialID) > maxCredential {
		return nil, fmt.Errorf("making a credential on %v: its ID has %d bytes: %w", t, len(a.CredentialID), token.ErrUnsupported)
	}
	return a.CredentialID, nil
}

// text lends a PIN as the string that go-libfido2 wants, without a copy that
// cannot be wiped. None is the empty one.
func text(pin []byte) string { return unsafe.String(unsafe.SliceData(pin), len(pin)) }
