package ontoken

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/tokenperson"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// A Record is an item whose secret can be on tokens: a device or an access key.
type Record interface {
	inventory.Record
	PlaceOn(on inventory.Placement)
}

// A Finder finds a device or an access key in the vault.
type Finder func(*keystore.Vault) (inventory.Held, error)

// Secret is a secret on its way to tokens.
type Secret struct {
	Record    Record   // what the vault is to point to it with
	Names     []string // of the credential, the best first; at least one
	Algorithm string   // of HMAC: "SHA1"
	Digits    int
	Signs     bool   // it is to sign, and not for codes
	Key       []byte // which the caller wipes
	Why       string // for the person: "to put device phone on it"
}

// Target says which tokens get a secret.
type Target struct {
	Tokens []string // serial numbers; none: the only token that is plugged in
	Touch  bool     // each use takes a touch
}

// TakeOut reads a secret that is to be moved onto tokens. Who asks has proved that
// they may: what says that it is a token may be a program. Find finds it in the
// vault.
// The caller destroys the content.
func (a *Applets) TakeOut(ctx context.Context, who tokenperson.Person, find Finder) (content *keystore.Secret, err error) {
	err = a.access.Use(ctx, who.Asker, func(v *keystore.Vault) error {
		held, err := find(v)
		if err != nil {
			return err
		}
		if held.OnToken() {
			return errcode.Errorf(errcode.BadRequest, "%q is on a token already, which gives no secret back", held.Name)
		}
		content, err = v.Read(held.ID())
		return err
	})
	return content, err
}

// Put puts a secret onto tokens, which prove that they have it, and lets the vault
// point to it by the record. When the vault does not, and what it had stands, the
// secret is taken off again.
func (a *Applets) Put(ctx context.Context, ask credproc.Asker, s Secret, onto Target) error {
	keys, err := a.keysTo(ctx, onto.Tokens, ask)
	if err != nil {
		return err
	}
	defer keys.Wipe()
	put := token.OATHPutParams{
		Ref:       token.Ref{Serials: onto.Tokens, Wait: tokenperson.Patience(ask), Access: keys},
		Algorithm: s.Algorithm, Digits: s.Digits, Key: s.Key, Touch: onto.Touch, Signs: s.Signs,
	}
	var at placed
	for _, put.Name = range s.Names {
		at, err = a.place(ctx, put, tokenperson.For(ask, s.Why))
		if !errors.Is(err, token.ErrExists) { // of somebody else's
			break
		}
	}
	if err != nil {
		return err
	}
	s.Record.PlaceOn(inventory.Placement{
		Tokens: at.tokens, Credential: at.name, Touch: onto.Touch, Adopted: !at.fresh && !isOurs(at.name),
	})
	return a.pointTo(ctx, s.Record, at, ask)
}

// placed is where a credential is now.
type placed struct {
	credential
	fresh bool // it was not there before
}

// place puts a credential on tokens, all or none. That they have it already, of a
// move that ended half way, is as good; a different one of the same name is
// [token.ErrExists].
func (a *Applets) place(ctx context.Context, p token.OATHPutParams, who tokenperson.Person) (placed, error) {
	p.Key = slices.Clone(p.Key)
	defer clear(p.Key)
	put, err := a.tokens.OATHPut(ctx, p, who)
	if err != nil {
		return placed{}, err
	}
	at := placed{credential{p.Name, p.Ref.Serials, p.Ref.Access}, !put.Found}
	if len(at.tokens) > 0 {
		return at, nil
	}
	if at.tokens, err = a.namesOf(ctx, put.Tokens, who); err != nil && at.fresh {
		_, off := a.tokens.OATHDelete(ctx, token.OATHDeleteParams{Ref: p.Ref, Name: p.Name}, who)
		err = errors.Join(err, off)
	}
	return at, err
}

// namesOf is what tokens are called in a [token.Ref]: by the serial, else by the
// OATH applet's ID.
func (a *Applets) namesOf(ctx context.Context, tokens []token.Token, who tokenperson.Person) ([]string, error) {
	var names []string
	for _, t := range tokens {
		name := t.Serial
		if name == "" {
			list, err := a.tokens.Look(ctx, who)
			if err != nil {
				return nil, err
			}
			name = appletAt(list.Tokens, t.Place)
		}
		if name == "" {
			return nil, fmt.Errorf("%w: %s tells neither a serial number nor the ID of its OATH applet", token.ErrUnsupported, t)
		}
		names = append(names, name)
	}
	return names, nil
}

func appletAt(tokens []token.Token, place string) string {
	for _, t := range tokens {
		if t.Place == place && t.OATH != nil {
			return t.OATH.ID
		}
	}
	return ""
}

// pointTo lets the vault point to what was placed.
func (a *Applets) pointTo(ctx context.Context, r Record, at placed, ask credproc.Asker) error {
	err := a.access.Use(ctx, ask, func(v *keystore.Vault) error { return inventory.Store(v, r, nil) })
	if err == nil || !at.fresh || errors.Is(err, keystore.ErrUncertain) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeOffLimit)
	defer cancel()
	if _, off := a.delete(ctx, at.credential, tokenperson.For(ask, deleting)); off != nil {
		err = fmt.Errorf("%w (and %q stays on the token: %v)", err, at.name, off)
	}
	return err
}
