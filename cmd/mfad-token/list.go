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
	both.Go(func() { cards = d.listCards(ctx, p) })
	both.Go(func() { keys = d.listKeys(p.Brief) })
	both.Wait()
	r.Tokens = append(append([]token.Token{}, cards.Tokens...), keys.Tokens...)
	r.Faults = append(cards.Faults, keys.Faults...)
	return r, nil
}

func (d *desk) listKeys(brief bool) token.Listing {
	devices, err := fido2.Devices(d.devices)
	for _, t := range devices {
		if brief && t.FIDO2 != nil {
			t.FIDO2.Retries = token.Unknown
		}
	}
	return token.Listing{Tokens: devices, Faults: faults(err)}
}

func (d *desk) listCards(ctx context.Context, p token.ListParams) token.Listing {
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
		tokens = append(tokens, d.describe(ctx, service, reader, p))
		d.alive(ctx)
	}
	return token.Listing{Tokens: tokens}
}

// describe reads one token; what could not be read stands in its Fault.
func (d *desk) describe(ctx context.Context, service *pcsc.Service, reader string, p token.ListParams) token.Token {
	s, err := meet(ctx, service, reader)
	if err != nil {
		return token.Token{Model: reader, Place: reader, Fault: err.Error()}
	}
	defer s.let()
	if p.Brief {
		return s.outline()
	}
	t := s.token
	var fault error
	if s.oath != "" {
		s.access = p.Access[s.oath]
		t.OATH, fault = s.readOATH(ctx)
	}
	s.let() // token/piv connects by itself
	if s.piv {
		var err error
		t.PIV, err = piv.Read(ctx, reader, func() { d.alive(ctx) })
		fault = errors.Join(fault, err)
	}
	t.Fault = strings.Join(faults(fault), "; ")
	return t
}

// alive tells the agent, if that is the person, that a listing goes on. Nothing
// but what has been read lets it be told: what hangs is silent.
func (d *desk) alive(ctx context.Context) {
	if c, ok := d.person.(*caller); ok {
		c.alive(ctx)
	}
}

// outline is the token with its applets, into which nobody has looked.
func (s *station) outline() token.Token {
	t := s.token
	if s.oath != "" {
		t.OATH = &token.OATH{ID: s.oath}
	}
	if s.piv {
		t.PIV = &token.PIV{Retries: token.Unknown}
	}
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
