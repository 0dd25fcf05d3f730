//go:build cgo && (linux || darwin)

package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/oath"
	"github.com/mfad/mfad/token/pcsc"
	"github.com/mfad/mfad/token/yubikey"
)

// operation is one call that is for tokens in readers, of a person.
type operation struct {
	person token.Person
	late   chan struct{} // gets a word when a touch has been waited for too long; nil: nobody hears it
}

// touchLimit is how long a token may wait for a touch before it is left alone.
var touchLimit = token.TouchLimit // shorter in tests

// errStillWaits: a token neither was touched nor gave up, and cannot be told to.
var errStillWaits = fmt.Errorf("%w, and waits on: pull it out; what was being put on it may stay there", token.ErrTouch)

// operated makes of a method of an operation a function of its parameters. It
// leaves a token alone that waits for a touch without end, with the method, which
// goes on until the program ends.
func operated[P, R any](f func(operation, context.Context, P) (R, error)) func(context.Context, P, token.Person) (R, error) {
	type outcome struct {
		result R
		err    error
	}
	return func(ctx context.Context, p P, person token.Person) (R, error) {
		o := operation{person, make(chan struct{}, 1)}
		done := make(chan outcome, 1)
		go func() {
			r, err := f(o, ctx, p)
			done <- outcome{r, err}
		}()
		select {
		case out := <-done:
			return out.result, out.err
		case <-o.late:
			var none R
			return none, errStillWaits
		}
	}
}

// limit has the call end when a touch has been waited for too long, unless what it
// returns is called before.
func (o operation) limit() (over func()) {
	timer := time.AfterFunc(touchLimit, func() {
		select {
		case o.late <- struct{}{}:
		default: // one word is enough, and without a channel nobody hears any
		}
	})
	return func() { timer.Stop() }
}

// session is the use of one token in a reader. It holds the reader while card is
// not nil.
type session struct {
	service *pcsc.Service
	reader  string
	token   token.Token
	oath    string // the ID of the OATH applet; empty: there is none that can be used
	shut    error  // why an OATH applet that is there cannot be used; nil: it can
	piv     bool   // there is a PIV applet
	access  []byte // the key to the OATH applet, once it is known
	found   bool   // it has the credential that was to be put on it
	written bool   // a credential may have been put on it

	card *pcsc.Card
}

// open connects to the token in a reader and sees who it is; the session holds
// the reader afterwards.
func open(ctx context.Context, service *pcsc.Service, reader string) (*session, error) {
	s := &session{service: service, reader: reader}
	err := s.work(ctx, func(card *pcsc.Card) (err error) {
		if s.token, err = yubikey.Read(card, reader); err != nil {
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
		switch {
		case err == nil:
			s.oath = applet.ID
		case errors.Is(err, oath.ErrNoID):
			s.shut = err
		}
		return ignoring(err, token.ErrUnsupported)
	})
	if err != nil {
		s.release()
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
// when the reader was released.
func (s *session) work(ctx context.Context, f func(card *pcsc.Card) error) (err error) {
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

// release gives the reader back: before anybody is asked, and at the end.
func (s *session) release() {
	if s.card != nil {
		_ = s.card.Close() // nothing stays unlocked by a card that does not answer
		s.card = nil
	}
}

// isCalled says whether s is the token that a serial means. A token that tells
// no serial is meant by its OATH applet's ID, or by its reader.
func (s *session) isCalled(serial string) bool {
	return s.token.Serial == serial || s.oath != "" && strings.EqualFold(s.oath, serial) ||
		s.token.Serial == "" && s.reader == serial
}

// name is what to call the token by in Ref.Serials.
func (s *session) name() string {
	if s.token.Serial != "" {
		return s.token.String()
	}
	return fmt.Sprintf("%s (%s)", s.token.Model, cmp.Or(s.oath, s.reader))
}

// openAll connects to the tokens in all the readers, one after the other, as
// package pcsc wants it; those that do not answer have an error instead.
func openAll(ctx context.Context, service *pcsc.Service, readers []string) (opened []*session, faults []error) {
	for _, reader := range readers {
		s, err := open(ctx, service, reader)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		opened = append(opened, s)
	}
	return opened, faults
}

// touched runs f, which may wait for a touch: for sure, or nobody knows.
func (o operation) touched(ctx context.Context, t token.Token, sure bool, f func() error) error {
	if ctx.Err() != nil { // it would blink for nobody
		return context.Cause(ctx)
	}
	defer o.limit()()
	tell := func() func() { return o.person.Await(ctx, token.Waiting{For: token.AwaitTouch, Token: t}) }
	if sure {
		defer tell()()
		return f()
	}
	defer token.Later(token.Hesitation, tell)()
	return f()
}
