package ontoken

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/tokenperson"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// Passwords are the passwords of OATH applets, which people know as access codes.
// What the vault remembers of one is the key that is derived of it, which is good
// for that applet alone. A password keeps other programs off the token while the
// vault is locked, so that who sets another, or none, or has the vault forget what
// may be the only copy, has proved that they may ([vault.Access.Prove]).
//
// In each method the token is meant by its serial; empty means the only one. The
// vault is opened before anything is changed. It is safe for concurrent use.
type Passwords struct{ applets *Applets }

// NewPasswords returns the passwords of applets.
func NewPasswords(applets *Applets) *Passwords { return &Passwords{applets} }

// applyTo is something that a token does about the password of its applet.
type applyTo func(token.Ref, token.Person) (token.OATHAccess, error)

// use has f use the applet of the token that is meant, with the keys that the
// vault has. The caller wipes the answer's.
func (p *Passwords) use(ctx context.Context, ask credproc.Asker, meant string, f applyTo) (token.OATHAccess, error) {
	tokens := named(meant)
	keys, err := p.applets.keysTo(ctx, tokens, ask)
	if err != nil {
		return token.OATHAccess{}, err
	}
	defer keys.Wipe()
	ref := token.Ref{Serials: tokens, Wait: tokenperson.Patience(ask), Access: keys}
	return f(ref, tokenperson.For(ask, "to open its OATH applet"))
}

func named(meant string) []string {
	if meant == "" {
		return nil
	}
	return []string{meant}
}

// Set asks for the password that is set, unless the vault remembers it, and for a
// new one, sets that, and lets the vault remember it.
func (p *Passwords) Set(ctx context.Context, ask credproc.Asker, meant string) (token.Token, error) {
	old, err := p.use(ctx, ask, meant, func(ref token.Ref, who token.Person) (token.OATHAccess, error) {
		return p.applets.tokens.OATHAccess(ctx, token.OATHAccessParams{Ref: ref}, who)
	})
	defer clear(old.Key)
	if err != nil {
		return token.Token{}, err
	}
	code, err := human.AskSecret(ctx, ask, human.Question{What: line.One("OATH access code of " + old.Token.String()), New: true})
	if err != nil {
		return token.Token{}, err
	}
	defer clear(code)
	if len(code) == 0 {
		return token.Token{}, errcode.Errorf(errcode.BadRequest, "an access code is not empty: remove it instead")
	}
	got, err := p.use(ctx, ask, meant, func(ref token.Ref, who token.Person) (token.OATHAccess, error) {
		if len(old.Key) > 0 {
			ref.Access = map[string][]byte{old.ID: old.Key}
		}
		return p.applets.tokens.OATHProtect(ctx, token.OATHProtectParams{Ref: ref, New: code}, who)
	})
	if err != nil {
		return token.Token{}, err
	}
	if err := p.keep(ctx, ask, got); err != nil {
		return token.Token{}, fmt.Errorf("the access code is set, and was not remembered: %w", err)
	}
	return got.Token, nil
}

// Remember lets the vault remember the password that is set, which the person is
// asked for.
func (p *Passwords) Remember(ctx context.Context, ask credproc.Asker, meant string) (token.Token, error) {
	if _, err := p.applets.access.Unlocked(ctx, ask); err != nil {
		return token.Token{}, err
	}
	got, err := p.use(ctx, ask, meant, func(ref token.Ref, who token.Person) (token.OATHAccess, error) {
		return p.applets.tokens.OATHAccess(ctx, token.OATHAccessParams{Ref: ref}, who)
	})
	if err != nil {
		return token.Token{}, err
	}
	if len(got.Key) == 0 {
		return token.Token{}, errcode.Errorf(errcode.BadRequest, "%s has no access code: set one", got.Token)
	}
	return got.Token, p.keep(ctx, ask, got)
}

// Forget lets the vault forget the password; it needs no token. It wraps
// [keystore.ErrNoItem].
func (p *Passwords) Forget(ctx context.Context, ask credproc.Asker, meant string) (token.Token, error) {
	if _, err := p.applets.access.Unlocked(ctx, ask); err != nil {
		return token.Token{}, err
	}
	applets := inventory.Applets(p.applets.access.Opened(), named(meant)...)
	switch len(applets) {
	case 1:
	case 0:
		return token.Token{}, fmt.Errorf("%w: the vault remembers no such access code", keystore.ErrNoItem)
	default:
		return token.Token{}, errcode.Errorf(errcode.BadRequest,
			"the vault remembers the access codes of %d tokens: name one by its serial number", len(applets))
	}
	gone := applets[0]
	return token.Token{Serial: gone.Serial, Model: gone.Model},
		p.drop(ctx, ask, func(other inventory.Applet) bool { return other.ID() == gone.ID() })
}

// Remove takes the password off the token, and lets the vault forget it.
func (p *Passwords) Remove(ctx context.Context, ask credproc.Asker, meant string) (token.Token, error) {
	got, err := p.use(ctx, ask, meant, func(ref token.Ref, who token.Person) (token.OATHAccess, error) {
		return p.applets.tokens.OATHProtect(ctx, token.OATHProtectParams{Ref: ref}, who)
	})
	if err != nil {
		return token.Token{}, err
	}
	gone := slices.DeleteFunc([]string{got.ID, got.Token.Serial}, func(name string) bool { return name == "" })
	return got.Token, p.drop(ctx, ask, func(applet inventory.Applet) bool {
		return slices.Contains(gone, applet.Serial) || strings.EqualFold(applet.Name, got.ID)
	})
}

// keep lets the vault remember the key to an applet, and wipes it. What it
// remembers of the token from before a reset of its applet goes.
func (p *Passwords) keep(ctx context.Context, ask credproc.Asker, got token.OATHAccess) error {
	defer clear(got.Key)
	err := p.applets.access.Use(ctx, ask, func(v *keystore.Vault) error {
		applet := inventory.NewApplet(got.ID)
		if old, found := inventory.AppletNamed(v, got.ID); found {
			applet.Supersede(old.Entry)
		}
		applet.Serial, applet.Model, applet.Token = got.Token.Serial, line.One(got.Token.Model), line.One(got.Token.String())
		return inventory.Store(v, &applet, got.Key)
	})
	if err != nil || got.Token.Serial == "" {
		return err
	}
	return p.drop(ctx, ask, func(applet inventory.Applet) bool {
		return applet.Serial == got.Token.Serial && applet.Name != got.ID
	})
}

// drop lets the vault forget keys to applets.
func (p *Passwords) drop(ctx context.Context, ask credproc.Asker, which func(inventory.Applet) bool) error {
	for _, applet := range inventory.Applets(p.applets.access.Opened()) {
		if !which(applet) {
			continue
		}
		if err := p.applets.access.Use(ctx, ask, func(v *keystore.Vault) error { return v.Remove(applet.ID()) }); err != nil {
			return err
		}
	}
	return nil
}
