//go:build cgo && (linux || darwin)

package main

import (
	"context"
	"errors"
	"strings"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/oath"
	"github.com/mfad/mfad/token/pcsc"
	"github.com/mfad/mfad/token/piv"
)

// listCards lists the tokens in the readers, one after the other, as package pcsc
// wants it.
func listCards(ctx context.Context, p token.ListParams, alive func()) token.Listing {
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
		tokens = append(tokens, describe(ctx, service, reader, look{p, alive}))
		alive()
	}
	return token.Listing{Tokens: tokens}
}

// look is how a token is looked at.
type look struct {
	token.ListParams
	alive func()
}

// describe reads one token; what could not be read stands in its Fault.
func describe(ctx context.Context, service *pcsc.Service, reader string, l look) token.Token {
	s, err := open(ctx, service, reader)
	if err != nil {
		return token.Token{Model: reader, Place: reader, Fault: err.Error()}
	}
	defer s.release()
	if l.Brief {
		return s.outline()
	}
	t, fault := s.token, s.shut
	if s.oath != "" {
		s.access = l.Access[s.oath]
		t.OATH, fault = s.readOATH(ctx)
	}
	s.release() // token/piv connects by itself
	if s.piv {
		var err error
		t.PIV, err = piv.Read(ctx, reader, l.alive)
		fault = errors.Join(fault, err)
	}
	t.Fault = strings.Join(faults(fault), "; ")
	return t
}

// outline is the token with its applets, into which nobody has looked.
func (s *session) outline() token.Token {
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
func (s *session) readOATH(ctx context.Context) (*token.OATH, error) {
	found := &token.OATH{ID: s.oath}
	locked, err := s.unlocked(ctx, func(a *oath.Applet) (err error) {
		found.Protected = a.Protected
		found.Credentials, err = a.List()
		return err
	})
	found.Unlisted = err != nil
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
