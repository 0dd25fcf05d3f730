package tokenrack

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"github.com/mfad/mfad/token"
)

// mint makes the key of a stick that opens vaults.
func (r *Rack) mint(k *Stick, kind byte) token.NewKey {
	serial, err := strconv.ParseUint(k.Serial, 10, 32)
	if err != nil {
		r.t.Fatal(err)
	}
	if k.Key, err = age.GenerateX25519Identity(); err != nil {
		r.t.Fatal(err)
	}
	payload := binary.BigEndian.AppendUint32([]byte{kind}, uint32(serial))
	k.Identity = plugin.EncodeIdentity(token.PluginName, append(payload, make([]byte, 34)...))
	return token.NewKey{Identity: k.Identity, Token: k.Token()}
}

// KeyKinds has the contract of [token.Helper.KeyKinds].
func (r *Rack) KeyKinds() token.Kinds { return token.Known }

// MakeKey has the contract of [token.Helper.MakeKey].
func (r *Rack) MakeKey(ctx context.Context, p token.KeyParams, person token.Person) (token.NewKey, error) {
	if err := r.begin(token.MethodMakeKey, nil); err != nil {
		return token.NewKey{}, err
	}
	if p.Kind == token.KindFIDO2 {
		return r.fido2Key(p.Token)
	}
	ref := token.Ref{Wait: p.Wait}
	if p.Token != "" {
		ref.Serials = []string{p.Token}
	}
	found, err := r.find(ctx, ref, false, person)
	if err != nil {
		return token.NewKey{}, err
	}
	made := r.mint(found[0], token.IdentityPIV)
	made.Key = &token.PIVKey{Slot: "82", Algorithm: "P-256", PIN: cmp.Or(p.PIN, "once"), Touch: cmp.Or(p.Touch, "always")}
	return made, nil
}

func (r *Rack) fido2Key(place string) (token.NewKey, error) {
	for _, k := range r.Tokens {
		if k.FIDO2 && !k.Away && (place == "" || place == k.Token().Place) {
			made := r.mint(k, token.IdentityFIDO2)
			made.Token.FIDO2 = &token.FIDO2{AAGUID: "2fc0579f811347eab116bb5a8db9202a", HMACSecret: true}
			return made, nil
		}
	}
	return token.NewKey{}, token.ErrNotPresent
}

// Wrap has the contract of [token.Helper.Wrap].
func (r *Rack) Wrap(_ context.Context, p token.WrapParams, _ token.Person) (token.WrapResult, error) {
	if err := r.begin(token.MethodWrap, nil); err != nil {
		return token.WrapResult{}, err
	}
	for _, k := range r.Tokens {
		if k.Identity == p.Identity {
			stanzas, err := k.Key.Recipient().Wrap(p.FileKey)
			return token.WrapResult{Stanzas: token.Stanzas(stanzas)}, err
		}
	}
	return token.WrapResult{}, token.ErrInvalid
}

// Unwrap has the contract of [token.Helper.Unwrap].
func (r *Rack) Unwrap(ctx context.Context, p token.UnwrapParams, person token.Person) (token.UnwrapResult, error) {
	if err := r.begin(token.MethodUnwrap, nil); err != nil {
		return token.UnwrapResult{}, err
	}
	at := slices.IndexFunc(r.Tokens, func(k *Stick) bool { return k.Identity == p.Identity })
	if at < 0 {
		return token.UnwrapResult{}, token.ErrNoCredential
	}
	found, err := r.find(ctx, token.Ref{Serials: []string{r.Tokens[at].Serial}, Wait: p.Wait}, false, person)
	if err != nil {
		return token.UnwrapResult{}, err
	}
	k := found[0]
	if err := r.ask(ctx, k, person); err != nil {
		return token.UnwrapResult{}, err
	}
	key, err := k.Key.Unwrap(token.AgeStanzas(p.Stanzas))
	return token.UnwrapResult{FileKey: key, Token: k.Token()}, err
}

// ask asks for the PIN as mfad-token does: again while that is safe.
func (r *Rack) ask(ctx context.Context, k *Stick, person token.Person) error {
	again := ""
	for k.PIN != "" {
		q := token.Want{What: token.PIVPIN, Token: k.Token(), Retries: k.Retries, Again: again}
		switch {
		case k.Retries == 0:
			return token.ErrPINBlocked
		case k.Retries == 1:
			if yes, err := token.AskLastTry(ctx, person, q); err != nil || !yes {
				return errors.Join(token.ErrPINGuard, err)
			}
		}
		pin, err := token.AskSecret(ctx, person, q)
		if err != nil {
			return err
		}
		if string(pin) == k.PIN {
			k.Retries = 3
			return nil
		}
		k.Retries--
		again = (&token.PINError{Retries: k.Retries}).Error()
	}
	return nil
}

// Watch has the contract of [token.Helper.Watch].
func (r *Rack) Watch(ctx context.Context, p token.WatchParams) error {
	if _, _, err := token.Known.Parse(p.Identity); err != nil || p.Place == "" {
		r.t.Errorf("watch %q at %q: %v", p.Identity, p.Place, err)
	}
	r.Watched.Add(1)
	defer r.Watched.Add(-1)
	select {
	case err := <-r.Gone:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
