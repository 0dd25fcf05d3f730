package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mfad/mfad/agent/tokenperson"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// takeOffLimit is how long a credential may take to be taken off a token again.
const takeOffLimit = 30 * time.Second

// placing is a secret on its way to the OATH applets of tokens.
type placing struct {
	name      string // on the tokens
	algorithm string
	digits    int
	key       []byte
	touch     bool
	tokens    []string // none: the only one that is plugged in
	known     access   // to their applets
}

// placed is where it is now.
type placed struct {
	tokens []string
	fresh  bool // it was not there before
}

// place puts a credential on tokens, all or none, which prove that they have
// it. That they have it already, of a move that ended half way, is as good; a
// different one of the same name is token.ErrExists.
func (s *Service) place(ctx context.Context, p placing, who tokenperson.Person) (placed, error) {
	params := token.OATHPutParams{
		Ref:  token.Ref{Serials: p.tokens, Wait: tokenperson.Patience(who.Ask), Access: p.known},
		Name: p.name, Algorithm: p.algorithm, Digits: p.digits, Key: slices.Clone(p.key), Touch: p.touch,
	}
	defer clear(params.Key)
	put, err := s.tokens.OATHPut(ctx, params, who)
	if err != nil {
		return placed{}, err
	}
	at := placed{p.tokens, !put.Found}
	if len(at.tokens) > 0 {
		return at, nil
	}
	if at.tokens, err = s.namesOf(ctx, put.Tokens, who); err != nil && at.fresh {
		_, off := s.tokens.OATHDelete(ctx, token.OATHDeleteParams{Ref: params.Ref, Name: p.name}, who)
		err = errors.Join(err, off)
	}
	return at, err
}

// namesOf is what tokens are called in a [token.Ref]: by the serial, else by the
// OATH applet's ID.
func (s *Service) namesOf(ctx context.Context, tokens []token.Token, who tokenperson.Person) ([]string, error) {
	var names []string
	for _, t := range tokens {
		name := t.Serial
		if name == "" {
			list, err := s.tokens.Look(ctx, who)
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

// pointTo lets the vault point to what was placed, in the place of old if there
// is one. When it does not, and what it had stands, the credential is taken off
// again.
func (s *Service) pointTo(ctx context.Context, old, item keystore.Item, p placing, at placed, ask credproc.Asker) (keystore.Item, error) {
	var stored keystore.Item
	err := s.access.Use(ctx, ask, func(v *keystore.Vault) (err error) {
		stored, err = store(v, old, item, nil)
		return err
	})
	switch {
	case err == nil:
		return stored, nil
	case !at.fresh || errors.Is(err, keystore.ErrUncertain):
		return keystore.Item{}, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeOffLimit)
	defer cancel()
	if _, off := s.delete(ctx, at.tokens, p.name, p.known, tokenperson.For(ask, "to delete a credential")); off != nil {
		err = fmt.Errorf("%w (and %q stays on the token: %v)", err, p.name, off)
	}
	return keystore.Item{}, err
}

// store puts an item in the place of an old one, or as a new one if there is
// none.
func store(v *keystore.Vault, old, item keystore.Item, secret []byte) (keystore.Item, error) {
	if old.ID != "" && old.Kind != item.Kind {
		return v.Replace(old, item, secret)
	}
	item.ID = old.ID
	return v.Put(item, secret)
}

// takeOff deletes a credential from those of the tokens that are plugged in,
// though the request be gone. It returns the tokens that have it still.
func (s *Service) takeOff(ctx context.Context, tokens []string, name string, ask credproc.Asker) (left []string, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeOffLimit)
	defer cancel()
	known, err := s.knownAccess(ctx, tokens, ask)
	if err != nil {
		return tokens, err
	}
	defer known.wipe()
	return s.delete(ctx, tokens, name, known, tokenperson.For(ask, "to delete a credential"))
}

// delete is takeOff for who has the access keys, and can be asked. It does one
// token after the other, so that one that fails keeps nothing on the others.
func (s *Service) delete(ctx context.Context, tokens []string, name string, known access, who tokenperson.Person) (left []string, err error) {
	for _, one := range tokens {
		ref := token.Ref{Serials: []string{one}, Access: known}
		_, gone := s.tokens.OATHDelete(ctx, token.OATHDeleteParams{Ref: ref, Name: name}, who)
		switch {
		case gone == nil, errors.Is(gone, token.ErrNoCredential):
		case absent(gone):
			left = append(left, one)
		default:
			left, err = append(left, one), errors.Join(err, gone)
		}
	}
	return left, err
}

// absent says that a token cannot be reached from here now.
func absent(err error) bool {
	return errors.Is(err, token.ErrNotPresent) || errors.Is(err, token.ErrNoService) || errors.Is(err, token.ErrNoHelper)
}

// abandon takes what an item pointed to, whose place another has taken, off its
// tokens. It returns the tokens that have it still.
func (s *Service) abandon(ctx context.Context, old keystore.Item, ask credproc.Asker) []string {
	if !onToken(old) {
		return nil
	}
	name := old.Facts[credentialFact]
	left, err := s.takeOff(ctx, tokensOf(old), name, ask)
	if len(left) > 0 {
		s.options.Logger.WarnContext(ctx, "credential was left behind", "tokens", strings.Join(left, " "), "name", name, "err", err)
	}
	return left
}
