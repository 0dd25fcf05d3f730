//go:build cgo && (linux || darwin)

package main

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/fido2"
	"github.com/mfad/mfad/token/oath"
	"github.com/mfad/mfad/token/pcsc"
	"github.com/mfad/mfad/token/piv"
)

// list tells what is plugged in. Readers are looked at one after the other, as
// package pcsc wants it, and FIDO2 devices meanwhile.
func (d *desk) list(ctx context.Context, p token.ListParams) (r token.Listing, err error) {
	var cards, keys token.Listing
	var both sync.WaitGroup
	both.Go(func() { cards = listCards(ctx, p.Access) })
	both.Go(func() { keys = d.listKeys() })
	both.Wait()
	r.Tokens = append(append([]token.Token{}, cards.Tokens...), keys.Tokens...)
	r.Faults = append(cards.Faults, keys.Faults...)
	return r, nil
}

func (d *desk) listKeys() token.Listing {
	devices, err := fido2.Devices(d.devices)
	return token.Listing{Tokens: devices, Faults: faults(err)}
}

func listCards(ctx context.Context, access map[string][]byte) token.Listing {
	service, err := pcsc.Open()
	if err != nil {
		return token.Listing{Faults: faults(err)}
	}
	defer func() { _ = service.Close() }()
	state, err := service.State()
	if err != nil {
		return token.Listing{Faults: faults(err)}
	}
	var tokens []token.Token
	for _, reader := range state.Present() {
		tokens = append(tokens, describe(ctx, service, reader, access))
	}
	return token.Listing{Tokens: tokens}
}

// describe reads one token; what could not be read stands in its Fault.
func describe(ctx context.Context, service *pcsc.Service, reader string, access map[string][]byte) token.Token {
	s, err := meet(ctx, service, reader)
	if err != nil {
		return token.Token{Model: reader, Place: reader, Fault: err.Error()}
	}
	t := s.token
	var fault error
	if s.oath != "" {
		s.access = access[s.oath]
		t.OATH, fault = s.readOATH(ctx)
	}
	s.let() // token/piv connects by itself
	if s.piv {
		var err error
		t.PIV, err = piv.Read(ctx, reader)
		fault = errors.Join(fault, err)
	}
	t.Fault = strings.Join(faults(fault), "; ")
	return t
}

// readOATH reads the OATH applet. One that is locked is no fault.
func (s *station) readOATH(ctx context.Context) (*token.OATH, error) {
	found := &token.OATH{ID: s.oath}
	locked, err := s.unlocked(ctx, func(a *oath.Applet) (err error) {
		found.Protected = a.Protected
		found.Credentials, err = a.List()
		return err
	})
	if locked != nil {
		found.Protected, found.Locked = true, true
	}
	return found, err
}

// faults are the lines of an error; nil has none.
func faults(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}
