//go:build cgo && (linux || darwin)

package main

import (
	"context"
	"slices"
	"time"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/fido2"
)

// look is how often FIDO2 devices are looked for while one is waited for:
// nothing tells of them on all systems.
const look = 500 * time.Millisecond

// unwrapFIDO2 opens a file key with the device that knows the credential, which
// may be plugged in meanwhile.
func (d *desk) unwrapFIDO2(ctx context.Context, p token.UnwrapParams) (r token.UnwrapResult, err error) {
	i, err := fido2.ParseIdentity(p.Identity)
	if err != nil {
		return r, err
	}
	stanzas := token.AgeStanzas(p.Stanzas)
	end := time.Now().Add(time.Duration(p.Wait) * time.Second)
	for {
		devices, fault := fido2.Devices(d.devices)
		if len(devices) == 0 && fault != nil {
			return r, fault
		}
		r.FileKey, r.Token, err = fido2.Unwrap(ctx, devices, i, stanzas, d.person)
		if err == nil {
			return r, nil
		}
		if !absent(err) || !d.replugged(ctx, devices, time.Until(end)) {
			return token.UnwrapResult{}, err
		}
	}
}

// replugged waits until other devices are there than these.
func (d *desk) replugged(ctx context.Context, devices []token.Token, patience time.Duration) bool {
	if patience <= 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	defer d.person.Await(ctx, token.Waiting{For: token.AwaitInsert})()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
		now, err := fido2.Devices(d.devices)
		more := func(t token.Token) bool {
			return !slices.ContainsFunc(devices, func(old token.Token) bool { return old.Place == t.Place })
		}
		if err == nil && slices.ContainsFunc(now, more) {
			return true
		}
		devices = now
	}
}
