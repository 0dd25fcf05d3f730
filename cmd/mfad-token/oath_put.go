//go:build cgo && (linux || darwin)

package main

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"time"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/oath"
	"github.com/mfad/mfad/token/pcsc"
)

// undoing is how long taking a credential off again may take.
const undoing = 5 * time.Second

var hashes = map[string]func() hash.Hash{"SHA1": sha1.New, "SHA256": sha256.New, "SHA512": sha512.New}

// oathPut puts a credential on all of the tokens, or on none.
func (o operation) oathPut(ctx context.Context, p token.OATHPutParams) (r token.Placed, err error) {
	defer clear(p.Key)
	if hashes[p.Algorithm] == nil || len(p.Key) == 0 || len(p.Name) == 0 || len(p.Name) > 64 || p.Digits < 6 || p.Digits > 8 {
		return r, fmt.Errorf("%w: a credential has a name of 1 to 64 bytes, a key, SHA1, SHA256 or SHA512, and 6 to 8 digits", token.ErrInvalid)
	}
	service, err := pcsc.Open()
	if err != nil {
		return r, err
	}
	defer func() { _ = service.Close() }()
	sessions, err := o.find(ctx, service, want{Ref: p.Ref, applet: "OATH", all: true})
	if err != nil {
		return r, err
	}
	defer releaseAll(sessions)
	if err := o.look(ctx, sessions, p); err != nil {
		return r, err
	}
	for i, s := range sessions {
		if err := o.place(ctx, s, p); err != nil {
			err = fmt.Errorf("putting credential %q on %s: %w", p.Name, s.token, err)
			return token.Placed{}, errors.Join(err, o.undo(ctx, sessions[:i+1], p.Name))
		}
		s.release()
		if ctx.Err() != nil { // nobody takes the answer
			return token.Placed{}, errors.Join(context.Cause(ctx), o.undo(ctx, sessions[:i+1], p.Name))
		}
		r.Tokens, r.Found = append(r.Tokens, s.token), r.Found || s.found
	}
	return r, nil
}

// look looks, before anything is written, whether the name is free on all, or
// has the same key already. It asks for the access codes that are not known.
func (o operation) look(ctx context.Context, sessions []*session, p token.OATHPutParams) error {
	for _, s := range sessions {
		err := o.applet(ctx, s, p.Ref.Access, func(a *oath.Applet) (err error) {
			s.found, err = o.has(ctx, s, a, p)
			return err
		})
		if len(sessions) > 1 {
			s.release() // the others may take a while
		}
		if err != nil {
			return fmt.Errorf("looking for credential %q on %s: %w", p.Name, s.token, err)
		}
	}
	return nil
}

// has tells whether the applet has the credential already. It is
// token.ErrExists if it has another of the name, and token.ErrInvalid if it has
// this one with another touch policy.
func (o operation) has(ctx context.Context, s *session, a *oath.Applet, p token.OATHPutParams) (bool, error) {
	c, err := a.Find(p.Name)
	switch {
	case errors.Is(err, token.ErrNoCredential):
		return false, nil
	case err != nil:
		return false, err
	case c.Type != "totp" || c.Algorithm != "" && c.Algorithm != p.Algorithm:
		return false, errAnother
	}
	err = o.touched(ctx, s.token, c.Touch, func() error { return prove(a, p) })
	switch {
	case errors.Is(err, errUnlike):
		return false, errAnother
	case err == nil && !c.TellsTouch && p.Touch:
		return false, fmt.Errorf(
			"%w: it has the credential already, and does not tell whether that wants a touch: delete it there first, or do without the touch",
			token.ErrInvalid)
	case err == nil && c.Touch && !p.Touch:
		return false, fmt.Errorf(
			"%w: it has the credential already, which wants a touch: ask for the touch too, or delete it there first", token.ErrInvalid)
	case err == nil && !c.Touch && p.Touch:
		return false, fmt.Errorf(
			"%w: it has the credential already, which wants no touch: delete it there first, or do without the touch", token.ErrInvalid)
	}
	return err == nil, err
}

// errAnother: the key, the hash or the number of digits is another.
var errAnother = fmt.Errorf("%w, and it is another: rename or delete it there first", token.ErrExists)

// place puts the credential on one token and proves that it is there, unless it
// was found there.
func (o operation) place(ctx context.Context, s *session, p token.OATHPutParams) error {
	if s.found {
		return nil
	}
	return o.applet(ctx, s, p.Ref.Access, func(a *oath.Applet) error {
		if _, err := a.Find(p.Name); !errors.Is(err, token.ErrNoCredential) {
			return cmp.Or(err, errAnother) // it came since we looked
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		s.written = true
		c := oath.Credential{Name: p.Name, Type: "totp", Algorithm: p.Algorithm, Digits: p.Digits, Touch: p.Touch}
		err := a.Put(c, p.Key)
		if refused, ok := errors.AsType[*oath.StatusError](err); ok && refused != nil {
			s.written = false
		}
		if err != nil {
			return err
		}
		return o.touched(ctx, s.token, p.Touch, func() error { return prove(a, p) })
	})
}

// errUnlike says that a token computes another code than this machine.
var errUnlike = fmt.Errorf("%w: the token computes another code than this machine", token.ErrUnsupported)

// prove has the token and this machine compute the same: the whole HMAC, or what
// a code is made of where the token computes codes alone and none other is wanted.
func prove(a *oath.Applet, p token.OATHPutParams) error {
	challenge := make([]byte, 8)
	rand.Read(challenge) // never fails
	here := hmac.New(hashes[p.Algorithm], p.Key)
	here.Write(challenge)
	expected := here.Sum(nil)
	defer clear(expected)
	got, digits, err := a.Full(p.Name, challenge)
	defer clear(got)
	same := hmac.Equal(got, expected)
	switch codesAlone := errors.Is(err, oath.ErrCodesAlone); {
	case codesAlone && p.Signs:
		err = errNoSigning
	case codesAlone:
		var bits uint32
		bits, digits, err = a.Short(p.Name, challenge)
		same = bits == truncate(expected)
	}
	if err != nil {
		return fmt.Errorf("proving it: %w", err)
	}
	if !same || digits != p.Digits {
		return errUnlike
	}
	return nil
}

// truncate is what a code is made of: RFC 4226, 5.3.
func truncate(mac []byte) uint32 {
	at := mac[len(mac)-1] & 0x0F
	return binary.BigEndian.Uint32(mac[at:]) & 0x7FFFFFFF
}

// undo takes the credential off the tokens on which it was written. It returns
// what is left, for the person to take off.
func (o operation) undo(ctx context.Context, sessions []*session, name string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoing)
	defer cancel()
	var left error
	for _, s := range sessions {
		if !s.written {
			continue
		}
		s.release() // the card may have gone
		_, err := s.unlocked(ctx, func(a *oath.Applet) error {
			return ignoring(a.Delete(name), token.ErrNoCredential)
		})
		s.release()
		if err != nil {
			left = errors.Join(left, fmt.Errorf("%s may hold %q now, which could not be taken off (%v)", s.token, name, err))
		}
	}
	return left
}

// oathDelete deletes a credential from those of the tokens that are there.
func (o operation) oathDelete(ctx context.Context, p token.OATHDeleteParams) (r token.Placed, err error) {
	service, err := pcsc.Open()
	if err != nil {
		return r, err
	}
	defer func() { _ = service.Close() }()
	sessions, err := o.find(ctx, service, want{Ref: p.Ref, applet: "OATH", present: true})
	if err != nil {
		return r, err
	}
	defer releaseAll(sessions)
	for _, s := range sessions {
		err := o.applet(ctx, s, p.Ref.Access, func(a *oath.Applet) error { return a.Delete(p.Name) })
		s.release()
		if err == nil {
			r.Tokens = append(r.Tokens, s.token)
		} else if !errors.Is(err, token.ErrNoCredential) {
			return r, fmt.Errorf("deleting credential %q of %s: %w", p.Name, s.token, err)
		}
	}
	if len(r.Tokens) == 0 {
		return r, fmt.Errorf("deleting credential %q of %s: %w", p.Name, names(sessions), token.ErrNoCredential)
	}
	return r, nil
}
