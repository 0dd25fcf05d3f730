//go:build cgo && (linux || darwin)

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"filippo.io/age"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/fido2"
	"github.com/mfad/mfad/token/pcsc"
	"github.com/mfad/mfad/token/piv"
)

// makeKey finds or makes a key.
func (d *desk) makeKey(ctx context.Context, p token.KeyParams) (r token.NewKey, err error) {
	switch p.Kind {
	case token.KindPIV:
		return d.pivKey(ctx, p)
	case token.KindFIDO2:
		return d.fido2Key(ctx, p)
	}
	return r, fmt.Errorf("%w: there are no keys of kind %.20q", token.ErrInvalid, p.Kind)
}

// pivKey finds or makes a PIV key.
func (d *desk) pivKey(ctx context.Context, p token.KeyParams) (r token.NewKey, err error) {
	ref := token.Ref{Wait: p.Wait}
	if p.Token != "" {
		ref.Serials = []string{p.Token}
	}
	err = d.inReader(ctx, ref, func(s *station) (err error) {
		r, err = piv.NewKey(ctx, s.reader, s.token, p, d.person)
		return err
	})
	return r, err
}

// inReader has f use the PIV applet of a token, to which it connects by itself.
func (d *desk) inReader(ctx context.Context, ref token.Ref, f func(*station) error) error {
	service, err := pcsc.Open()
	if err != nil {
		return err
	}
	defer func() { _ = service.Close() }()
	s, err := d.one(ctx, service, ref, "PIV")
	if err != nil {
		return err
	}
	s.let()
	return f(s)
}

// fido2Key makes a FIDO2 credential on a device.
func (d *desk) fido2Key(ctx context.Context, p token.KeyParams) (token.NewKey, error) {
	devices, err := fido2.Devices(d.devices)
	if len(devices) == 0 && err != nil {
		return token.NewKey{}, err
	}
	device, err := pick(devices, p.Token)
	if err != nil {
		return token.NewKey{}, err
	}
	return fido2.NewKey(ctx, device, p, d.person)
}

// pick is the device at place; or, without one, the only one that can open a
// vault, or the only one at all.
func pick(devices []token.Token, place string) (token.Token, error) {
	if place != "" {
		i := slices.IndexFunc(devices, func(t token.Token) bool { return t.Place == place })
		if i < 0 {
			return token.Token{}, fmt.Errorf("%w: there is no FIDO2 key at %s", token.ErrNotPresent, place)
		}
		return devices[i], nil
	}
	unable := func(t token.Token) bool { return t.FIDO2 == nil || !t.FIDO2.HMACSecret }
	fit := slices.DeleteFunc(slices.Clone(devices), unable)
	switch {
	case len(fit) == 1:
		return fit[0], nil
	case len(fit) > 1:
		return token.Token{}, fmt.Errorf("%w: name one by its place: %s", token.ErrAmbiguous, places(fit))
	case len(devices) == 1:
		return devices[0], nil // which says why not
	case len(devices) > 1:
		return token.Token{}, fmt.Errorf("%w: wanted is a FIDO2 key with hmac-secret; plugged in: %s", token.ErrUnsupported, places(devices))
	}
	return token.Token{}, fmt.Errorf("%w: there is no FIDO2 key", token.ErrNotPresent)
}

// places are devices and where they are, and what is wrong with them.
func places(devices []token.Token) string {
	var list []string
	for _, t := range devices {
		text := fmt.Sprintf("%s at %s", t, t.Place)
		if t.Fault != "" {
			text += fmt.Sprintf(" (%s)", t.Fault)
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

// wrap wraps a file key. Only a FIDO2 key must be there for that.
func (d *desk) wrap(ctx context.Context, p token.WrapParams) (token.WrapResult, error) {
	defer clear(p.FileKey)
	stanzas, err := d.wrapFor(ctx, p)
	if err != nil {
		return token.WrapResult{}, err
	}
	return token.WrapResult{Stanzas: token.Stanzas(stanzas)}, nil
}

func (d *desk) wrapFor(ctx context.Context, p token.WrapParams) ([]*age.Stanza, error) {
	kind, _, err := token.Known.Parse(p.Identity)
	if err != nil {
		return nil, err
	}
	if kind.Name() == token.KindPIV {
		i, err := piv.ParseIdentity(p.Identity)
		if err != nil {
			return nil, err
		}
		return piv.Wrap(i, p.FileKey)
	}
	i, err := fido2.ParseIdentity(p.Identity)
	if err != nil {
		return nil, err
	}
	devices, err := fido2.Devices(d.devices)
	if len(devices) == 0 && err != nil {
		return nil, err
	}
	return fido2.Wrap(ctx, devices, i, p.FileKey, d.person)
}

// unwrap opens a file key.
func (d *desk) unwrap(ctx context.Context, p token.UnwrapParams) (token.UnwrapResult, error) {
	kind, serial, err := token.Known.Parse(p.Identity)
	if err != nil {
		return token.UnwrapResult{}, err
	}
	if kind.Name() == token.KindPIV {
		return d.unwrapPIV(ctx, p, serial)
	}
	return d.unwrapFIDO2(ctx, p)
}

func (d *desk) unwrapPIV(ctx context.Context, p token.UnwrapParams, serial string) (r token.UnwrapResult, err error) {
	i, err := piv.ParseIdentity(p.Identity)
	if err != nil {
		return r, err
	}
	stanzas := token.AgeStanzas(p.Stanzas)
	// Nobody is asked to plug in a token that is of no use.
	if err := piv.Fits(i, stanzas); err != nil {
		return r, err
	}
	ref := token.Ref{Serials: []string{serial}, Wait: p.Wait}
	err = d.inReader(ctx, ref, func(s *station) (err error) {
		r.Token = s.token
		r.FileKey, err = piv.Unwrap(ctx, s.reader, s.token, i, stanzas, d.person)
		return err
	})
	if err != nil {
		return token.UnwrapResult{}, err
	}
	return r, nil
}

// absent says that another FIDO2 key is wanted than those that are there.
func absent(err error) bool {
	return errors.Is(err, token.ErrNotPresent) || errors.Is(err, token.ErrNoCredential)
}
