//go:build cgo && (linux || darwin)

package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/pcsc"
	"github.com/mfad/mfad/token/piv"
	"github.com/mfad/mfad/token/serve"
)

// pivDriver finds the token that a PIV key is on among those in the readers, and
// waits for it to be plugged in for as long as it may. What package piv does
// there is the driver's work.
type pivDriver struct{}

var _ serve.Driver = pivDriver{}

var pivKind, _ = token.Known.Find(token.KindPIV)

// Kind implements [serve.Driver].
func (pivDriver) Kind() token.Kind { return pivKind }

// MakeKey finds or makes a key on the token with the serial p.Token.
func (pivDriver) MakeKey(ctx context.Context, p token.KeyParams, person token.Person) (r token.NewKey, err error) {
	ref := token.Ref{Wait: p.Wait}
	if p.Token != "" {
		ref.Serials = []string{p.Token}
	}
	err = inReader(ctx, ref, person, func(t token.Token) (err error) {
		r, err = piv.Applet{Token: t, Person: person}.NewKey(ctx, p)
		return err
	})
	return r, err
}

// Wrap implements [token.Wrapper]. The token need not be there.
func (pivDriver) Wrap(_ context.Context, p token.WrapParams, _ token.Person) (r token.WrapResult, err error) {
	i, err := piv.ParseIdentity(p.Identity)
	if err != nil {
		return r, err
	}
	stanzas, err := piv.Wrap(i, p.FileKey)
	if err != nil {
		return r, err
	}
	return token.WrapResult{Stanzas: token.Stanzas(stanzas)}, nil
}

// Unwrap implements [token.Wrapper].
func (pivDriver) Unwrap(ctx context.Context, p token.UnwrapParams, person token.Person) (r token.UnwrapResult, err error) {
	i, err := piv.ParseIdentity(p.Identity)
	if err != nil {
		return r, err
	}
	stanzas := token.AgeStanzas(p.Stanzas)
	// Nobody is asked to plug in a token that is of no use.
	if err := piv.Fits(i, stanzas); err != nil {
		return r, err
	}
	open := func(t token.Token) (err error) {
		r.Token = t
		r.FileKey, err = piv.Applet{Token: t, Person: person}.Unwrap(ctx, i, stanzas)
		return err
	}
	if i.Serial == 0 {
		err = inSomeReader(ctx, p.Wait, person, open)
	} else {
		ref := token.Ref{Serials: []string{strconv.FormatUint(uint64(i.Serial), 10)}, Wait: p.Wait}
		err = inReader(ctx, ref, person, open)
	}
	if err != nil {
		return token.UnwrapResult{}, err
	}
	return r, nil
}

// Watch waits until the reader at p.Place has lost the card that it has.
func (pivDriver) Watch(ctx context.Context, p token.WatchParams) error {
	service, err := pcsc.Open()
	if err != nil {
		return err
	}
	defer func() { _ = service.Close() }()
	first, err := service.State()
	for now := first; err == nil && first.Keeps(now, p.Place); {
		now, err = service.Changed(ctx, now)
	}
	return err
}

// inReader has f use the PIV applet of a token, to which it connects by itself.
func inReader(ctx context.Context, ref token.Ref, person token.Person, f func(token.Token) error) error {
	service, err := pcsc.Open()
	if err != nil {
		return err
	}
	defer func() { _ = service.Close() }()
	s, err := operation{person: person}.findOne(ctx, service, ref, "PIV")
	if err != nil {
		return err
	}
	s.release()
	return f(s.token)
}

// inSomeReader has f use the PIV applets of the tokens that tell no serial, one
// after the other, until one has the key. They are told apart by nothing else.
func inSomeReader(ctx context.Context, wait int, person token.Person, f func(token.Token) error) error {
	service, err := pcsc.Open()
	if err != nil {
		return err
	}
	defer func() { _ = service.Close() }()
	found, err := operation{person: person}.find(ctx, service, want{Ref: token.Ref{Wait: wait}, applet: "PIV", nameless: true})
	if err != nil {
		return err
	}
	releaseAll(found)
	for _, s := range found {
		if err = f(s.token); !errors.Is(err, token.ErrNoCredential) {
			return err
		}
	}
	const none = "%w: wanted is one without a serial number that has the key; none of these has it: %s"
	return fmt.Errorf(none, token.ErrNotPresent, names(found))
}
