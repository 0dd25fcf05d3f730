//go:build cgo && (linux || darwin)

package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/oath"
	"github.com/mfad/mfad/token/pcsc"
	"github.com/mfad/mfad/token/yubikey"
)

// desk is what an operation has: the person and the tokens that are plugged in.
type desk struct {
	person  token.Person
	devices []string // FIDO2 devices that are configured
}

// station is a token in a reader. It is connected to while card is not nil.
type station struct {
	service *pcsc.Service
	reader  string
	token   token.Token
	oath    string // the ID of the OATH applet; empty: it has none
	piv     bool   // there is a PIV applet
	access  []byte // the OATH applet's access key, once it is known
	found   bool   // it has the credential that was to be put on it
	written bool   // a credential may have been put on it

	card *pcsc.Card
}

// meet connects to the token in a reader and sees who it is; the station is
// held afterwards.
func meet(ctx context.Context, service *pcsc.Service, reader string) (*station, error) {
	s := &station{service: service, reader: reader}
	err := s.work(ctx, func(card *pcsc.Card) (err error) {
		if s.token, err = yubikey.Read(card); err != nil {
			return err
		}
		s.token.Place = reader
		if s.token.Model == "" {
			s.token.Model = reader
		}
		if s.piv, err = hasPIV(card); err != nil {
			return err
		}
		applet, err := oath.Select(card)
		if err == nil {
			s.oath = applet.ID
		}
		return unless(err, token.ErrUnsupported)
	})
	if err != nil {
		s.let()
		return nil, err
	}
	return s, nil
}

// selectPIV selects the PIV applet by the part of its name that all versions
// share (NIST SP 800-73-4 part 1, 2.2).
var selectPIV, _ = hex.DecodeString("00A4040005A00000030800")

func hasPIV(card *pcsc.Card) (bool, error) {
	answer, err := card.Transmit(selectPIV)
	if err != nil {
		return false, err
	}
	n := len(answer)
	return n >= 2 && (answer[n-2] == 0x90 || answer[n-2] == 0x61), nil
}

// work has f use the token, in a transaction of its own. It connects first
// when the reader was let go of.
func (s *station) work(ctx context.Context, f func(card *pcsc.Card) error) (err error) {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if s.card == nil {
		if s.card, err = s.service.Connect(ctx, s.reader); err != nil {
			s.card = nil
			return err
		}
	}
	card := s.card
	return card.Transact(func() error { return f(card) })
}

// let lets go of the reader: before anybody is asked, and at the end.
func (s *station) let() {
	if s.card != nil {
		_ = s.card.Close() // nothing stays unlocked by a card that does not answer
		s.card = nil
	}
}

// serves says whether s is the token that a serial means. A token that tells
// no serial is meant by its OATH applet's ID.
func (s *station) serves(serial string) bool {
	return s.token.Serial == serial || s.oath != "" && strings.EqualFold(s.oath, serial)
}

// name is what to call the token by in Ref.Serials.
func (s *station) name() string {
	if s.token.Serial != "" {
		return s.token.String()
	}
	return fmt.Sprintf("%s (%s)", s.token.Model, s.oath)
}

// meetAll meets the tokens in all the readers, one after the other, as package
// pcsc wants it; those that could not be met have an error instead.
func meetAll(ctx context.Context, service *pcsc.Service, readers []string) (met []*station, faults []error) {
	for _, reader := range readers {
		s, err := meet(ctx, service, reader)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		met = append(met, s)
	}
	return met, faults
}

// hesitation is how long a token may be silent before the person hears that it
// may want a touch.
const hesitation = time.Second

// touched runs f, which may wait for a touch: for sure, or nobody knows.
func (d *desk) touched(ctx context.Context, t token.Token, sure bool, f func() error) error {
	if ctx.Err() != nil { // it would blink for nobody
		return context.Cause(ctx)
	}
	tell := func() func() { return d.person.Await(ctx, token.Waiting{For: token.AwaitTouch, Token: t}) }
	if sure {
		defer tell()()
		return f()
	}
	defer token.Later(hesitation, tell)()
	return f()
}
