package serve

import (
	"context"
	"fmt"

	"github.com/mfad/mfad/token"
)

// A Driver computes with the keys of one kind, by the hardware that has them. A
// new kind of key is a [token.Kind] and a Driver.
//
// The errors are those of package token, the person's refusal, or the cause of
// ctx's end. An operation that a token makes wait for a touch tells the person
// so, and asks for a PIN where the key wants one. It may go on after ctx has
// ended, for as long as the token keeps it: see Service.Idle.
type Driver interface {
	// Wrapper wraps and opens file keys, for identities that Kind recognizes.
	// Unwrap says whether a stanza is for the key, by ErrInvalid, before it asks
	// anybody to plug in a token. It tells by which token it opened.
	token.Wrapper
	// Kind describes the keys.
	Kind() token.Kind
	// MakeKey finds or makes a key on the token that p names, and proves that it
	// can open what it wraps. The parameters may be wrong.
	MakeKey(ctx context.Context, p token.KeyParams, person token.Person) (token.NewKey, error)
	// Watch waits until the token at p.Place, by which Unwrap opened something, is
	// plugged in no more, or has been out and in again. It keeps nobody else off
	// the token.
	Watch(ctx context.Context, p token.WatchParams) error
}

// Drivers are a program's, one of each kind. Each call goes to the driver of the
// key that it names; nobody needs to know which kind that is. The error wraps
// token.ErrInvalid when there is none.
type Drivers []Driver

var _ token.Wrapper = Drivers(nil)

// Kinds are the kinds that there are drivers for.
func (ds Drivers) Kinds() token.Kinds {
	kinds := make(token.Kinds, len(ds))
	for i, d := range ds {
		kinds[i] = d.Kind()
	}
	return kinds
}

// MakeKey finds or makes a key of the kind p.Kind.
func (ds Drivers) MakeKey(ctx context.Context, p token.KeyParams, person token.Person) (token.NewKey, error) {
	for _, d := range ds {
		if d.Kind().Name() == p.Kind {
			return d.MakeKey(ctx, p, person)
		}
	}
	return token.NewKey{}, fmt.Errorf("%w: there are no keys of kind %.20q", token.ErrInvalid, p.Kind)
}

// Wrap implements [token.Wrapper].
func (ds Drivers) Wrap(ctx context.Context, p token.WrapParams, person token.Person) (token.WrapResult, error) {
	d, err := ds.driverOf(p.Identity)
	if err != nil {
		return token.WrapResult{}, err
	}
	return d.Wrap(ctx, p, person)
}

// Unwrap implements [token.Wrapper].
func (ds Drivers) Unwrap(ctx context.Context, p token.UnwrapParams, person token.Person) (token.UnwrapResult, error) {
	d, err := ds.driverOf(p.Identity)
	if err != nil {
		return token.UnwrapResult{}, err
	}
	return d.Unwrap(ctx, p, person)
}

// Watch waits until the token of a key has gone.
func (ds Drivers) Watch(ctx context.Context, p token.WatchParams) error {
	d, err := ds.driverOf(p.Identity)
	if err != nil {
		return err
	}
	return d.Watch(ctx, p)
}

// driverOf is the driver of the key that an identity points to.
func (ds Drivers) driverOf(identity string) (Driver, error) {
	for _, d := range ds {
		if _, _, err := (token.Kinds{d.Kind()}).Parse(identity); err == nil {
			return d, nil
		}
	}
	_, _, err := ds.Kinds().Parse(identity) // which says what there are
	return nil, err
}
