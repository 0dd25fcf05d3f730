//go:build cgo && (linux || darwin)

package fido2

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/mfad/mfad/token"
)

// look is how often FIDO2 keys are looked for while one is waited for: nothing
// tells of them on all systems.
const look = 500 * time.Millisecond

// Driver is the driver of FIDO2 keys, as token/serve wants it: it finds the key
// that an operation is for among those that are plugged in, and waits for it to
// be plugged in for as long as it may.
type Driver struct {
	// Configured are the paths of keys that libfido2 does not find.
	Configured []string
}

// Kind implements the driver.
func (Driver) Kind() token.Kind { return kind }

var kind, _ = token.Known.Find(token.KindFIDO2)

// List lists the keys that are plugged in.
func (d Driver) List(_ context.Context, p token.ListParams, _ func()) (r token.Listing) {
	devices, err := Devices(d.Configured)
	for _, t := range devices {
		if p.Brief && t.FIDO2 != nil {
			t.FIDO2.Retries = token.Unknown
		}
	}
	r.Tokens = devices
	if err != nil {
		r.Faults = strings.Split(err.Error(), "\n")
	}
	return r
}

// MakeKey makes a credential on the key at the path p.Token, or on the only one.
func (d Driver) MakeKey(ctx context.Context, p token.KeyParams, person token.Person) (token.NewKey, error) {
	devices, err := d.devices()
	if err != nil {
		return token.NewKey{}, err
	}
	device, err := choose(devices, p.Token)
	if err != nil {
		return token.NewKey{}, err
	}
	return NewKey(ctx, device, p, person)
}

// Wrap implements [token.Wrapper].
func (d Driver) Wrap(ctx context.Context, p token.WrapParams, person token.Person) (r token.WrapResult, err error) {
	i, err := ParseIdentity(p.Identity)
	if err != nil {
		return r, err
	}
	devices, err := d.devices()
	if err != nil {
		return r, err
	}
	stanzas, err := Keys{devices, person}.Wrap(ctx, i, p.FileKey)
	if err != nil {
		return r, err
	}
	return token.WrapResult{Stanzas: token.Stanzas(stanzas)}, nil
}

// Unwrap implements [token.Wrapper]. It opens with the key that made the
// credential, which may be plugged in meanwhile.
func (d Driver) Unwrap(ctx context.Context, p token.UnwrapParams, person token.Person) (r token.UnwrapResult, err error) {
	i, err := ParseIdentity(p.Identity)
	if err != nil {
		return r, err
	}
	stanzas := token.AgeStanzas(p.Stanzas)
	end := time.Now().Add(time.Duration(p.Wait) * time.Second)
	for {
		devices, err := d.devices()
		if err != nil {
			return r, err
		}
		r.FileKey, r.Token, err = Keys{devices, person}.Unwrap(ctx, i, stanzas)
		if err == nil {
			return r, nil
		}
		if !absent(err) || !d.replugged(ctx, devices, time.Until(end), person) {
			return token.UnwrapResult{}, err
		}
	}
}

// Watch waits until the key at p.Place has gone.
func (Driver) Watch(ctx context.Context, p token.WatchParams) error { return Gone(ctx, p.Place) }

// devices are the keys that are plugged in; there may be none.
func (d Driver) devices() ([]token.Token, error) {
	devices, err := Devices(d.Configured)
	if len(devices) == 0 && err != nil {
		return nil, err
	}
	return devices, nil
}

// absent says that another key is wanted than those that are there.
func absent(err error) bool {
	return errors.Is(err, token.ErrNotPresent) || errors.Is(err, token.ErrNoCredential)
}

// replugged waits until other keys are there than these.
func (d Driver) replugged(ctx context.Context, devices []token.Token, patience time.Duration, person token.Person) bool {
	if patience <= 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	defer person.Await(ctx, token.Waiting{For: token.AwaitInsert})()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
		now, err := Devices(d.Configured)
		more := func(t token.Token) bool {
			return !slices.ContainsFunc(devices, func(old token.Token) bool { return old.Place == t.Place })
		}
		if err == nil && slices.ContainsFunc(now, more) {
			return true
		}
		devices = now
	}
}
