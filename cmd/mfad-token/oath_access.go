//go:build cgo && (linux || darwin)

package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/oath"
	"github.com/mfad/mfad/token/pcsc"
)

// oathAccess is the key to a token's applet, proven.
func (o operation) oathAccess(ctx context.Context, p token.OATHAccessParams) (token.OATHAccess, error) {
	return o.access(ctx, p.Ref, func(s *session, a *oath.Applet) ([]byte, error) {
		if !a.Protected {
			return nil, nil
		}
		return s.access, nil
	})
}

// oathProtect sets or removes the access code.
func (o operation) oathProtect(ctx context.Context, p token.OATHProtectParams) (token.OATHAccess, error) {
	defer clear(p.New)
	return o.access(ctx, p.Ref, func(_ *session, a *oath.Applet) ([]byte, error) {
		var key []byte
		if len(p.New) > 0 {
			key = a.Key(p.New)
		}
		return key, a.SetKey(key)
	})
}

// useAccess uses an applet that is open, and returns the key to it from now on.
type useAccess func(*session, *oath.Applet) ([]byte, error)

// access has f use an applet, and answers the key that f returns.
func (o operation) access(ctx context.Context, ref token.Ref, f useAccess) (r token.OATHAccess, err error) {
	service, err := pcsc.Open()
	if err != nil {
		return r, err
	}
	defer func() { _ = service.Close() }()
	s, err := o.findOne(ctx, service, ref, "OATH")
	if err != nil {
		return r, err
	}
	defer s.release()
	var key []byte
	err = o.applet(ctx, s, ref.Access, func(a *oath.Applet) (err error) {
		key, err = f(s, a)
		return err
	})
	if err != nil {
		return r, fmt.Errorf("opening the OATH applet of %s: %w", s.token, err)
	}
	return token.OATHAccess{ID: s.oath, Key: slices.Clone(key), Token: s.token}, nil
}
