// Package keychain keeps small secrets in the keychain of the desktop: the
// Secret Service on Linux, the Keychain on macOS, the Credential Manager on
// Windows. Any program of the same user can read them there: a keychain
// protects what is at rest.
//
// It stands guard before go-keyring, which on Linux would start a D-Bus daemon
// where there is none, wait for ever for a prompt that nobody answers, and tell
// a locked keychain from a missing one by no sign. So the package looks for the
// bus itself, asks the service how it is, and sees to the unlocking; go-keyring
// is called when nothing is left to ask. Every call ends with its context.
package keychain

import (
	"context"
	"errors"
	"fmt"

	"github.com/zalando/go-keyring"

	"github.com/mfad/mfad/internal/errcode"
)

// What a caller may branch on.
var (
	// ErrNone: there is no keychain here.
	ErrNone = errcode.Vague(errcode.NoKeychain, "no keychain")
	// ErrLocked: the keychain is locked and was not unlocked in time.
	ErrLocked = errcode.Vague(errcode.NoKeychain, "keychain is locked")
	// ErrNotFound: the keychain has no such entry.
	ErrNotFound = errcode.Vague(errcode.NoKeychain, "no such entry in the keychain")
)

// service is the name under which all entries are filed.
const service = "mfad"

// maxSecret is what the Credential Manager of Windows takes.
const maxSecret = 2560

// lane lets one call at a time through to go-keyring, whose bus connection is
// the process's. A call that hangs keeps the lane, and those behind it end with
// their contexts.
var lane = make(chan struct{}, 1)

// Available tells whether there is a keychain, locked or not, without asking
// the person anything. The error wraps ErrNone.
func Available(ctx context.Context) error { return available(ctx) }

// Set stores a secret of at most 2560 bytes of text under account, in place of
// any that is there. It waits while the desktop asks the person to unlock the
// keychain, until ctx ends. It wraps ErrNone or ErrLocked. The caller wipes
// secret; go-keyring's copies of it are the garbage collector's.
func Set(ctx context.Context, account string, secret []byte) error {
	if len(secret) > maxSecret {
		return fmt.Errorf("storing %q in the keychain: %d bytes; %d are possible", account, len(secret), maxSecret)
	}
	text := string(secret)
	_, err := call(ctx, func() (string, error) { return "", keyring.Set(service, account, text) })
	return wrap("storing", account, err)
}

// Get returns the secret of account, for the caller to wipe. It waits as Set
// does, and wraps ErrNone, ErrLocked or ErrNotFound.
func Get(ctx context.Context, account string) ([]byte, error) {
	text, err := call(ctx, func() (string, error) { return keyring.Get(service, account) })
	if err != nil {
		return nil, wrap("reading", account, err)
	}
	return []byte(text), nil
}

// Delete removes the entry of account. It waits as Set does, and wraps ErrNone,
// ErrLocked or ErrNotFound.
func Delete(ctx context.Context, account string) error {
	_, err := call(ctx, func() (string, error) { return "", keyring.Delete(service, account) })
	return wrap("removing", account, err)
}

// call runs act when the keychain is ready for it, and leaves it when ctx ends.
func call(ctx context.Context, act func() (string, error)) (string, error) {
	select {
	case lane <- struct{}{}:
	case <-ctx.Done():
		return "", silence(ctx)
	}
	if err := ready(ctx); err != nil {
		<-lane
		return "", err
	}
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		defer func() { <-lane }()
		text, err := act()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-ctx.Done():
		return "", silence(ctx)
	}
}

// silence says that ctx ended first.
func silence(ctx context.Context) error {
	return fmt.Errorf("the keychain did not answer in time: %w", context.Cause(ctx))
}

func wrap(doing, account string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, keyring.ErrNotFound):
		return fmt.Errorf("%w: %q", ErrNotFound, account)
	case errors.Is(err, keyring.ErrUnsupportedPlatform):
		return fmt.Errorf("%w on this system", ErrNone)
	default:
		return fmt.Errorf("%s %q in the keychain: %w", doing, account, err)
	}
}
