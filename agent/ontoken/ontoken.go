// Package ontoken is for secrets that hardware tokens keep: it puts the seed of a
// device, or a secret access key, into the OATH applets of tokens, and takes it
// off again; it has a token compute a code, or the signing key of a day; and it
// sets the passwords of the applets, which people know as access codes.
//
// The vault has a pointer to each secret (see [inventory.Placement]), and what the
// package does keeps both in step: a secret leaves the vault when the tokens have
// proved that they have it, and not before; a credential whose pointer could not
// be written is taken off again; and whatever ended half way can be made again.
//
// The package decides nothing about codes, sessions or AWS, and touches no
// hardware: that is for the program behind [Tokens]. The rooms codes and agent
// call it.
package ontoken

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/tokenperson"
	"github.com/mfad/mfad/agent/vault"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// Tokens are the OATH applets of tokens, with the contracts of [token.Helper].
type Tokens interface {
	Look(ctx context.Context, person token.Person) (token.Listing, error)
	OATHCode(ctx context.Context, p token.OATHCodeParams, person token.Person) (token.OATHCode, error)
	OATHDay(ctx context.Context, p token.OATHDayParams, person token.Person) (token.OATHDay, error)
	OATHPut(ctx context.Context, p token.OATHPutParams, person token.Person) (token.Placed, error)
	OATHDelete(ctx context.Context, p token.OATHDeleteParams, person token.Person) (token.Placed, error)
	OATHAccess(ctx context.Context, p token.OATHAccessParams, person token.Person) (token.OATHAccess, error)
	OATHProtect(ctx context.Context, p token.OATHProtectParams, person token.Person) (token.OATHAccess, error)
}

// Applets are the OATH applets of all tokens, and what the vault knows of them. It
// is safe for concurrent use.
type Applets struct {
	access *vault.Access
	tokens Tokens
	log    *slog.Logger
}

// New returns the applets that tokens reaches.
func New(access *vault.Access, tokens Tokens, log *slog.Logger) *Applets {
	return &Applets{access, tokens, log}
}

// AppletKeys are keys to OATH applets that have a password, by the applet's ID.
// Wipe them.
type AppletKeys map[string][]byte

// Wipe wipes the keys. It may be called more than once, and on nil.
func (k AppletKeys) Wipe() {
	for _, key := range k {
		clear(key)
	}
}

// clone is a copy to be wiped too.
func (k AppletKeys) clone() AppletKeys {
	copied := make(AppletKeys)
	for id, key := range k {
		copied[id] = slices.Clone(key)
	}
	return copied
}

// readKeys reads the keys to the applets of tokens, and the secrets of more items
// with their IDs, as one use of the vault. The caller destroys the secrets.
func readKeys(v *keystore.Vault, tokens []string, more ...string) (AppletKeys, []*keystore.Secret, error) {
	applets := inventory.Applets(v, tokens...)
	ids := slices.Clone(more)
	for _, applet := range applets {
		ids = append(ids, applet.ID())
	}
	if len(ids) == 0 {
		return nil, nil, nil
	}
	secrets, err := v.ReadAll(ids...)
	if err != nil {
		return nil, nil, err
	}
	keys := make(AppletKeys)
	for i, applet := range applets {
		secret := secrets[len(more)+i]
		keys[applet.Name] = slices.Clone(secret.Bytes())
		secret.Destroy()
	}
	return keys, secrets[:len(more)], nil
}

// keysTo reads the keys to the applets of tokens; of all, if none is named.
func (a *Applets) keysTo(ctx context.Context, tokens []string, ask credproc.Asker) (keys AppletKeys, err error) {
	err = a.access.Use(ctx, ask, func(v *keystore.Vault) (err error) {
		keys, _, err = readKeys(v, tokens)
		return err
	})
	return keys, err
}

// KeysInHand are the keys to all applets that a vault has which is unlocked, and
// stays so; it unlocks none, and asks nobody. Wipe them.
func (a *Applets) KeysInHand() AppletKeys {
	v := a.access.Opened()
	if v == nil || v.Locked() || v.Hold() == 0 || a.access.Refusal() != nil {
		return nil
	}
	keys, _, err := readKeys(v, nil)
	if err != nil { // it was locked just now
		return nil
	}
	return keys
}

// follow reads a pointer to tokens anew, and with it the keys to their applets.
// The vault is open then, so that the pointer is what mfad wrote and not what
// somebody put into the file. Wipe the keys.
func follow[T interface {
	ID() string
	Placement() inventory.Placement
}](ctx context.Context, a *Applets, pointer inventory.Entry, ask credproc.Asker) (now T, keys AppletKeys, err error) {
	err = a.access.Use(ctx, ask, func(v *keystore.Vault) error {
		same := false
		if now, same = inventory.Reread[T](v, pointer); !same {
			return fmt.Errorf("%w: %q was changed meanwhile", keystore.ErrNoItem, pointer.Name)
		}
		var content []*keystore.Secret
		if keys, content, err = readKeys(v, now.Placement().Tokens, now.ID()); err != nil {
			return err
		}
		content[0].Destroy() // there is nothing in it
		return nil
	})
	return now, keys, err
}

// worthATouch is nil unless tokens want a touch and nobody waits for what they
// do: a light that blinks then would teach people to touch it.
func worthATouch(on inventory.Placement, ask credproc.Asker) error {
	if on.Touch && ask.Reach() == human.Nobody {
		return fmt.Errorf("%w to touch the token", human.ErrNoPrompt)
	}
	return nil
}

// refTo is how to reach the tokens that keep a secret.
func refTo(on inventory.Placement, keys AppletKeys, ask credproc.Asker) token.Ref {
	return token.Ref{Serials: on.Tokens, Wait: tokenperson.Patience(ask), Access: keys}
}

// Seed is a seed that tokens keep, ready to compute codes for one request. Its
// Close must be called.
type Seed struct {
	Device inventory.Device // as the vault has it now

	applets *Applets
	keys    AppletKeys
	who     tokenperson.Person
}

// Seed reads where the seed of a device is. The person hears what the code is
// for: "to get a code for prod". It returns an error that wraps
// [human.ErrNoPrompt] where a touch is wanted and nobody waits for it.
func (a *Applets) Seed(ctx context.Context, d inventory.Device, who tokenperson.Person) (*Seed, error) {
	now, keys, err := follow[inventory.Device](ctx, a, d.Entry, who.Asker)
	if err != nil {
		return nil, err
	}
	s := &Seed{now, a, keys, who}
	if err := worthATouch(s.Device.Placement(), who.Asker); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close wipes what opens the applets.
func (s *Seed) Close() { s.keys.Wipe() }

// Code has a token compute the code of a step, which is the number of its period
// since 1970. It waits for the token, and for a touch if that is wanted.
func (s *Seed) Code(ctx context.Context, step uint64) (string, error) {
	on := s.Device.Placement()
	code, err := s.applets.tokens.OATHCode(ctx, token.OATHCodeParams{
		Ref: refTo(on, s.keys, s.who.Asker), Name: on.Credential, Challenge: step, Touch: on.Touch,
	}, s.who)
	return code.Digits, err
}
