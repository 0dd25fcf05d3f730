//go:build cgo && (linux || darwin)

package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/oath"
	"github.com/mfad/mfad/token/pcsc"
)

// mostTries is how often an access code may be typed.
const mostTries = 3

// oathCode computes a code.
func (o operation) oathCode(ctx context.Context, p token.OATHCodeParams) (r token.OATHCode, err error) {
	challenge := binary.BigEndian.AppendUint64(nil, p.Challenge)
	r.Token, err = o.calculate(ctx, use{p.Ref, p.Name, p.Touch, func(a *oath.Applet) (err error) {
		r.Digits, err = a.Code(p.Name, challenge)
		return err
	}})
	if err != nil {
		return token.OATHCode{}, err
	}
	return r, nil
}

// oathDay computes a day's key.
func (o operation) oathDay(ctx context.Context, p token.OATHDayParams) (r token.OATHDay, err error) {
	if len(p.Day) != len("20261121") || strings.Trim(p.Day, "0123456789") != "" {
		return r, fmt.Errorf("%w: a day that is not of the form 20261121", token.ErrInvalid)
	}
	r.Token, err = o.calculate(ctx, use{p.Ref, p.Name, p.Touch, func(a *oath.Applet) (err error) {
		r.Key, _, err = a.Full(p.Name, []byte(p.Day))
		switch {
		case errors.Is(err, oath.ErrCodesAlone):
			return errNoSigning
		case err == nil && len(r.Key) != sha256.Size:
			return fmt.Errorf("%w: the credential's hash is not SHA256, which signs", token.ErrInvalid)
		}
		return err
	}})
	if err != nil {
		clear(r.Key)
		return token.OATHDay{}, err
	}
	return r, nil
}

// errNoSigning: to sign takes a whole HMAC.
var errNoSigning = fmt.Errorf(
	"%w: this token cannot sign: keep the secret access key in the vault, or on another token", token.ErrUnsupported)

// use is what is to be done with a credential, on one of the tokens.
type use struct {
	ref   token.Ref
	name  string
	touch bool // it wants a touch, for sure
	do    func(*oath.Applet) error
}

// calculate uses a credential of the first of the tokens that has it.
func (o operation) calculate(ctx context.Context, u use) (t token.Token, err error) {
	service, err := pcsc.Open()
	if err != nil {
		return token.Token{}, err
	}
	defer func() { _ = service.Close() }()
	sessions, err := o.find(ctx, service, want{Ref: u.ref, applet: "OATH", present: true})
	if err != nil {
		return token.Token{}, err
	}
	defer releaseAll(sessions)
	releaseAll(sessions[1:]) // the first may take a while
	for _, s := range sessions {
		if t, err = o.calculateOn(ctx, s, u); !errors.Is(err, token.ErrNoCredential) {
			break
		}
		s.release()
	}
	if errors.Is(err, token.ErrNoCredential) && len(sessions) < len(u.ref.Serials) {
		// One that could not be looked at may have it.
		if hidden := o.hidden(ctx, service, u.ref, sessions); hidden != nil {
			return token.Token{}, hidden
		}
	}
	return t, err
}

// hidden is why those of the tokens that were not found cannot be looked at; nil
// if they are not plugged in.
func (o operation) hidden(ctx context.Context, service *pcsc.Service, ref token.Ref, found []*session) error {
	rest := slices.DeleteFunc(slices.Clone(ref.Serials), func(serial string) bool {
		return slices.ContainsFunc(found, func(s *session) bool { return s.isCalled(serial) })
	})
	if len(rest) == 0 {
		return nil
	}
	more, err := o.find(ctx, service, want{Ref: token.Ref{Serials: rest}, applet: "OATH"})
	releaseAll(more)
	return ignoring(err, token.ErrNotPresent)
}

// calculateOn uses a credential of one token, and tells the person of a touch.
func (o operation) calculateOn(ctx context.Context, s *session, u use) (token.Token, error) {
	err := o.applet(ctx, s, u.ref.Access, func(a *oath.Applet) error {
		// Whether the credential is there, the computation tells: not every token
		// can list what it has.
		counts, err := a.Counts(u.name)
		switch {
		case err != nil:
			return err
		case counts:
			return fmt.Errorf("%w: it counts (hotp) where a time-based one is wanted", token.ErrInvalid)
		}
		return o.touched(ctx, s.token, u.touch, func() error { return u.do(a) })
	})
	if err != nil {
		return token.Token{}, fmt.Errorf("using credential %q of %s: %w", u.name, s.token, err)
	}
	return s.token, nil
}

// applet has f use the OATH applet of s, in one transaction. When the applet
// has an access code that is not known, the person is asked for it first, and
// the reader is free meanwhile.
func (o operation) applet(ctx context.Context, s *session, known map[string][]byte, f func(*oath.Applet) error) error {
	if s.access == nil {
		s.access = known[s.oath]
	}
	again := ""
	if s.access != nil {
		again = "the access code that is remembered is not the token's (`mfad token protect --remember` remembers another)"
	}
	for tries := 0; ; tries++ {
		locked, err := s.unlocked(ctx, f)
		if locked == nil {
			return err
		}
		if tries == mostTries {
			return token.ErrAccessCode
		}
		s.release()
		if tries > 0 {
			again = token.ErrAccessCode.Error()
		}
		code, err := token.AskSecret(ctx, o.person, token.Want{
			What: token.AccessCode, Token: s.token, Retries: token.Unknown, Again: again,
		})
		if err != nil {
			return fmt.Errorf("asking for the access code: %w", err)
		}
		s.access = locked.Key(code)
		clear(code)
	}
}

// unlocked runs f, unless the applet stays locked: it is returned then.
func (s *session) unlocked(ctx context.Context, f func(*oath.Applet) error) (locked *oath.Applet, err error) {
	err = s.work(ctx, func(card *pcsc.Card) error {
		a, err := oath.Select(card)
		switch {
		case err != nil:
			return err
		case a.ID != s.oath:
			return fmt.Errorf("%w: another is in its reader", token.ErrRemoved)
		case a.Locked() && s.access == nil:
			locked = a
			return nil
		}
		err = a.Unlock(s.access)
		if errors.Is(err, token.ErrAccessCode) {
			locked, s.access = a, nil
			return nil
		}
		if err != nil {
			return err
		}
		if a.Protected || s.access != nil {
			// The applet stays open until the card is reset, and the transaction
			// ends before: another program could be the next. One that is selected
			// again is locked.
			defer func() { _, _ = oath.Select(card) }()
		}
		return f(a)
	})
	return locked, err
}
