package agent

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mfad/mfad/agent/tokenperson"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// tokenProtect is about the access code of a token's OATH applet. What the
// vault remembers is the key that is derived of it, which is good for that
// applet alone.
func (s *Service) tokenProtect(ctx context.Context, r *request, p wire.TokenProtectParams) (wire.Token, error) {
	act, known := map[string]func(context.Context, *request, string) (token.Token, error){
		wire.ProtectSet: s.setAccess, wire.ProtectRemember: s.rememberAccess,
		wire.ProtectForget: s.forgetAccess, wire.ProtectRemove: s.removeAccess,
	}[p.Action]
	if !known {
		return wire.Token{}, wire.Errorf(wire.ErrBadRequest, "an access code is set, remembered, forgotten or removed, not %.20q", p.Action)
	}
	if err := s.mayProtect(ctx, r, p.Action); err != nil { // before anything is changed
		return wire.Token{}, err
	}
	t, err := act(ctx, r, p.Token)
	return describeToken(t), err
}

// mayProtect opens the vault. The access code that it remembers keeps other
// programs off the token while the vault is locked: to set another, or none,
// takes a way in.
func (s *Service) mayProtect(ctx context.Context, r *request, action string) error {
	if action == wire.ProtectSet || action == wire.ProtectRemove {
		return s.access.Prove(ctx, r.ask, fmt.Sprintf("to %s the access code of a token", action))
	}
	_, err := s.access.Unlocked(ctx, r.ask)
	return err
}

// protect has f use the applet of the token that is meant, with the access keys
// that the vault has. The caller wipes the answer's.
func (s *Service) protect(ctx context.Context, r *request, meant string, f func(token.Ref, tokenperson.Person) (token.OATHAccess, error)) (token.OATHAccess, error) {
	tokens := named(meant)
	known, err := s.knownAccess(ctx, tokens, r.ask)
	if err != nil {
		return token.OATHAccess{}, err
	}
	defer known.wipe()
	return f(token.Ref{Serials: tokens, Wait: tokenperson.Patience(r.ask), Access: known}, tokenperson.For(r.ask, "to open its OATH applet"))
}

func named(meant string) []string {
	if meant == "" {
		return nil
	}
	return []string{meant}
}

func (s *Service) setAccess(ctx context.Context, r *request, meant string) (token.Token, error) {
	which := "the token"
	if meant != "" {
		which = "token " + meant
	}
	code, err := r.ask.newSecret(ctx, line.One("OATH access code of "+which), "")
	if err != nil {
		return token.Token{}, err
	}
	defer clear(code)
	if len(code) == 0 {
		return token.Token{}, wire.Errorf(wire.ErrBadRequest, "an access code is not empty: remove it instead")
	}
	got, err := s.protect(ctx, r, meant, func(ref token.Ref, who tokenperson.Person) (token.OATHAccess, error) {
		return s.tokens.OATHProtect(ctx, token.OATHProtectParams{Ref: ref, New: code}, who)
	})
	if err != nil {
		return token.Token{}, err
	}
	if err := s.keepAccess(ctx, r, got); err != nil {
		return token.Token{}, fmt.Errorf("the access code is set, and was not remembered: %w", err)
	}
	return got.Token, nil
}

func (s *Service) rememberAccess(ctx context.Context, r *request, meant string) (token.Token, error) {
	got, err := s.protect(ctx, r, meant, func(ref token.Ref, who tokenperson.Person) (token.OATHAccess, error) {
		return s.tokens.OATHAccess(ctx, token.OATHAccessParams{Ref: ref}, who)
	})
	if err != nil {
		return token.Token{}, err
	}
	if len(got.Key) == 0 {
		return token.Token{}, wire.Errorf(wire.ErrBadRequest, "%s has no access code: set one", got.Token)
	}
	return got.Token, s.keepAccess(ctx, r, got)
}

// keepAccess lets the vault remember an access key, and wipes it. What it
// remembers of the token from before a reset of its applet goes.
func (s *Service) keepAccess(ctx context.Context, r *request, got token.OATHAccess) error {
	defer clear(got.Key)
	item := keystore.Item{
		Name: got.ID, Kind: keystore.KindOATHAccess,
		Facts: map[string]string{modelFact: line.One(got.Token.String())},
	}
	if got.Token.Serial != "" {
		item.Facts[serialFact] = got.Token.Serial
	}
	err := s.access.Use(ctx, r.ask, func(v *keystore.Vault) error {
		old, _ := v.Find(item.Kind, item.Name)
		_, err := store(v, old, item, got.Key)
		return err
	})
	if err != nil || got.Token.Serial == "" {
		return err
	}
	return s.dropAccess(ctx, r, func(i keystore.Item) bool {
		return i.Facts[serialFact] == got.Token.Serial && i.Name != item.Name
	})
}

// dropAccess lets the vault forget access keys.
func (s *Service) dropAccess(ctx context.Context, r *request, which func(keystore.Item) bool) error {
	for _, item := range accessItems(s.access.Opened(), nil) {
		if !which(item) {
			continue
		}
		if err := s.access.Use(ctx, r.ask, func(v *keystore.Vault) error { return v.Remove(item.ID) }); err != nil {
			return err
		}
	}
	return nil
}

// forgetAccess needs no token.
func (s *Service) forgetAccess(ctx context.Context, r *request, meant string) (token.Token, error) {
	items := accessItems(s.access.Opened(), named(meant))
	switch len(items) {
	case 1:
	case 0:
		return token.Token{}, fmt.Errorf("%w: the vault remembers no such access code", keystore.ErrNoItem)
	default:
		return token.Token{}, wire.Errorf(wire.ErrBadRequest, "the vault remembers the access codes of %d tokens: name one by its serial number", len(items))
	}
	item := items[0]
	t := token.Token{Serial: item.Facts[serialFact], Model: strings.TrimSuffix(item.Facts[modelFact], " (serial "+item.Facts[serialFact]+")")}
	return t, s.dropAccess(ctx, r, func(i keystore.Item) bool { return i.ID == item.ID })
}

func (s *Service) removeAccess(ctx context.Context, r *request, meant string) (token.Token, error) {
	got, err := s.protect(ctx, r, meant, func(ref token.Ref, who tokenperson.Person) (token.OATHAccess, error) {
		return s.tokens.OATHProtect(ctx, token.OATHProtectParams{Ref: ref}, who)
	})
	if err != nil {
		return token.Token{}, err
	}
	gone := slices.DeleteFunc([]string{got.ID, got.Token.Serial}, func(name string) bool { return name == "" })
	return got.Token, s.dropAccess(ctx, r, func(i keystore.Item) bool {
		return slices.Contains(gone, i.Facts[serialFact]) || strings.EqualFold(i.Name, got.ID)
	})
}
