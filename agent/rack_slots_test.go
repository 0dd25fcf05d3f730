package agent

import (
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
func (r *rack) mint(k *stick, kind byte) token.NewKey {
	serial, err := strconv.ParseUint(k.serial, 10, 32)
	if err != nil {
		r.t.Fatal(err)
	}
	if k.key, err = age.GenerateX25519Identity(); err != nil {
		r.t.Fatal(err)
	}
	payload := binary.BigEndian.AppendUint32([]byte{kind}, uint32(serial))
	k.identity = plugin.EncodeIdentity(token.PluginName, append(payload, make([]byte, 34)...))
	return token.NewKey{Identity: k.identity, Token: k.token()}
}

func (r *rack) KeyKinds() token.Kinds { return token.Known }

func (r *rack) MakeKey(ctx context.Context, p token.KeyParams, person token.Person) (token.NewKey, error) {
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
	made.Key = &token.PIVKey{Slot: "82", Algorithm: "P-256", PIN: p.PIN, Touch: p.Touch}
	return made, nil
}

func (r *rack) fido2Key(place string) (token.NewKey, error) {
	for _, k := range r.tokens {
		if k.fido2 && !k.away && (place == "" || place == k.token().Place) {
			made := r.mint(k, token.IdentityFIDO2)
			made.Token.FIDO2 = &token.FIDO2{AAGUID: "2fc0579f811347eab116bb5a8db9202a", HMACSecret: true}
			return made, nil
		}
	}
	return token.NewKey{}, token.ErrNotPresent
}

func (r *rack) Wrap(_ context.Context, p token.WrapParams, _ token.Person) (token.WrapResult, error) {
	if err := r.begin(token.MethodWrap, nil); err != nil {
		return token.WrapResult{}, err
	}
	for _, k := range r.tokens {
		if k.identity == p.Identity {
			stanzas, err := k.key.Recipient().Wrap(p.FileKey)
			return token.WrapResult{Stanzas: token.Stanzas(stanzas)}, err
		}
	}
	return token.WrapResult{}, token.ErrInvalid
}

func (r *rack) Unwrap(ctx context.Context, p token.UnwrapParams, person token.Person) (token.UnwrapResult, error) {
	if err := r.begin(token.MethodUnwrap, nil); err != nil {
		return token.UnwrapResult{}, err
	}
	at := slices.IndexFunc(r.tokens, func(k *stick) bool { return k.identity == p.Identity })
	if at < 0 {
		return token.UnwrapResult{}, token.ErrNoCredential
	}
	found, err := r.find(ctx, token.Ref{Serials: []string{r.tokens[at].serial}, Wait: p.Wait}, false, person)
	if err != nil {
		return token.UnwrapResult{}, err
	}
	k := found[0]
	if err := r.ask(ctx, k, person); err != nil {
		return token.UnwrapResult{}, err
	}
	key, err := k.key.Unwrap(token.AgeStanzas(p.Stanzas))
	return token.UnwrapResult{FileKey: key, Token: k.token()}, err
}

// ask asks for the PIN as mfad-token does: again while that is safe.
func (r *rack) ask(ctx context.Context, k *stick, person token.Person) error {
	again := ""
	for k.pin != "" {
		q := token.Question{Kind: token.AskPIVPIN, Token: k.token(), Retries: k.retries, Again: again}
		switch {
		case k.retries == 0:
			return token.ErrPINBlocked
		case k.retries == 1:
			if yes, err := person.LastTry(ctx, q); err != nil || !yes {
				return errors.Join(token.ErrPINGuard, err)
			}
		}
		pin, err := person.Secret(ctx, q)
		if err != nil {
			return err
		}
		if string(pin) == k.pin {
			k.retries = 3
			return nil
		}
		k.retries--
		again = (&token.PINError{Retries: k.retries}).Error()
	}
	return nil
}

func (r *rack) Watch(ctx context.Context, p token.WatchParams) error {
	if _, _, err := token.Known.Parse(p.Identity); err != nil || p.Place == "" {
		r.t.Errorf("watch %q at %q: %v", p.Identity, p.Place, err)
	}
	r.watched.Add(1)
	defer r.watched.Add(-1)
	select {
	case err := <-r.gone:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
