//go:build cgo && (linux || darwin)

package fido2

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"fmt"
	"time"
	"unsafe"

	libfido2 "github.com/keys-pub/go-libfido2"

	"github.com/mfad/mfad/token"
)

var (
	// touchLimit is for how long a key may wait for a touch.
	touchLimit = token.TouchLimit
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

// key is a FIDO2 key and who stands before it.
type key struct {
	token.Token
	person token.Person
}

// bare is the token without its applets, as a person is told of it.
func (k key) bare() token.Token {
	return token.Token{Serial: k.Serial, Model: k.Model, Version: k.Version, Place: k.Place}
}

// call runs f on the device at path until ctx ends, whose cause it then
// returns. f is cancelled; a cancel that comes while the device is being opened,
// or between two commands, is lost, hence it is repeated. A device that is
// deaf is left alone, with f and a thread; f may so outlive the caller's PIN,
// and gets one of its own, as the string that go-libfido2 wants.
func call[T any](ctx context.Context, path string, pin []byte, f func(d *libfido2.Device, pin string) (T, error)) (T, error) {
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
	own := bytes.Clone(pin)
	go func() {
		defer clear(own)
		v, err := f(d, unsafe.String(unsafe.SliceData(own), len(own))) // a copy could not be wiped
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
	return call(ctx, path, nil, func(d *libfido2.Device, _ string) (T, error) { return f(d) })
}

// touched is call for what needs a touch; the person is told.
func touched[T any](ctx context.Context, k key, pin []byte, f func(d *libfido2.Device, pin string) (T, error)) (T, error) {
	ctx, stop := context.WithTimeoutCause(ctx, touchLimit, token.ErrTouch)
	defer stop()
	done := k.person.Await(ctx, token.Waiting{For: token.AwaitTouch, Token: k.bare()})
	defer done()
	return call(ctx, k.Place, pin, f)
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
func secretKey(ctx context.Context, k key, i Identity, pin []byte) (*ecdh.PrivateKey, error) {
	a, err := touched(ctx, k, pin, func(d *libfido2.Device, pin string) (*libfido2.Assertion, error) {
		return d.Assertion(relyingParty, libfido2.RandBytes(32), [][]byte{i.Credential}, pin,
			&libfido2.AssertionOpts{Extensions: []libfido2.Extension{libfido2.HMACSecretExtension}, HMACSalt: i.Salt[:]})
	})
	if err != nil {
		return nil, fmt.Errorf("asking %v for its secret: %w", k, err)
	}
	defer clear(a.HMACSecret)
	private, err := ecdh.X25519().NewPrivateKey(a.HMACSecret)
	if err != nil {
		return nil, fmt.Errorf("asking %v for its secret: it gave none: %w", k, token.ErrUnsupported)
	}
	return private, nil
}

// makeCredential makes a non-resident credential and returns its ID.
func makeCredential(ctx context.Context, k key, pin []byte) ([]byte, error) {
	a, err := touched(ctx, k, pin, func(d *libfido2.Device, pin string) (*libfido2.Attestation, error) {
		return d.MakeCredential(libfido2.RandBytes(32),
			libfido2.RelyingParty{ID: relyingParty, Name: "age"},
			libfido2.User{ID: libfido2.RandBytes(32), Name: token.PluginName}, libfido2.ES256, pin,
			&libfido2.MakeCredentialOpts{Extensions: []libfido2.Extension{libfido2.HMACSecretExtension}})
	})
	if err != nil {
		return nil, fmt.Errorf("making a credential on %v: %w", k, err)
	}
	if len(a.CredentialID) == 0 || len(a.CredentialID) > maxCredential {
		return nil, fmt.Errorf("making a credential on %v: its ID has %d bytes: %w", k, len(a.CredentialID), token.ErrUnsupported)
	}
	return a.CredentialID, nil
}
