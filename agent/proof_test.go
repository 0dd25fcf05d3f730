package agent

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/token"
)

// taker is a program that says that it is a token, and takes what it is given.
type taker struct {
	Tokens // nil: nothing else is asked of it
	taken  []string
	before func() // a key of a day is made
}

func (k *taker) token() token.Token { return token.Token{Serial: "1", Model: "YubiKey 5 NFC"} }

func (k *taker) KeyKinds() token.Kinds { return token.Known }

func (k *taker) OATHPut(_ context.Context, p token.OATHPutParams, _ token.Person) (token.Placed, error) {
	k.taken = append(k.taken, "the secret of "+p.Name)
	return token.Placed{Tokens: []token.Token{k.token()}}, nil
}

func (k *taker) OATHAccess(context.Context, token.OATHAccessParams, token.Person) (token.OATHAccess, error) {
	return token.OATHAccess{ID: "00000001", Token: k.token()}, nil
}

func (k *taker) OATHProtect(_ context.Context, p token.OATHProtectParams, _ token.Person) (token.OATHAccess, error) {
	k.taken = append(k.taken, "the access code")
	a := token.OATHAccess{ID: "00000001", Token: k.token()}
	if len(p.New) > 0 {
		a.Key = make([]byte, 16)
	}
	return a, nil
}

// withTaker is a bench whose vault the person has opened with a passphrase,
// and whose only token is a taker.
func withTaker(t *testing.T) (*bench, *taker) {
	t.Helper()
	b, k := newBench(t), new(taker)
	b.withVault(t)
	b.tokens = k
	b.restart(t)
	b.must(t, knows(passphrase), wire.MethodVaultUnlock, nil, nil)
	b.must(t, nobody, wire.MethodDeviceAdd, wire.DeviceAddParams{Name: "phone", Seed: []byte(seed)}, nil)
	b.must(t, nobody, wire.MethodKeyImport, wire.KeyImportParams{Name: "base", AccessKeyID: keyID, Secret: []byte(secretKey)}, nil)
	return b, k
}

// Whoever starts the agent says where its tokens are: a process of the same
// user that finds the vault open must not have it hand a secret to a program
// that plays a token, nor have it take the access code off one.
func TestOpenVaultGivesNothingToATokenUnproven(t *testing.T) {
	b, k := withTaker(t)
	calls := map[string]struct {
		method string
		params any
	}{
		"move device \"phone\" onto a token":    {wire.MethodDeviceMove, wire.MoveParams{Name: "phone"}},
		"move access key \"base\" onto a token": {wire.MethodKeyMove, wire.MoveParams{Name: "base"}},
		"remove the access code of a token":     {wire.MethodTokenProtect, wire.TokenProtectParams{Action: wire.ProtectRemove}},
		"set the access code of a token":        {wire.MethodTokenProtect, wire.TokenProtectParams{Action: wire.ProtectSet}},
	}
	for what, row := range calls {
		for _, thief := range []*person{nobody, knows("chosen by the thief")} {
			err := b.call(t, thief, row.method, row.params, nil)
			if !errors.Is(err, errcode.NoPrompt) && !errors.Is(err, errcode.WrongPassphrase) {
				t.Errorf("a thief who wants to %s: %v", what, err)
			}
		}
	}
	if len(k.taken) > 0 {
		t.Errorf("it took %q", k.taken)
	}
	for what, row := range calls {
		owner := knows(passphrase)
		b.must(t, owner, row.method, row.params, nil)
		if asked := owner.questions(); len(asked) == 0 || !strings.Contains(asked[0], `passphrase of vault "default", to `+what) {
			t.Errorf("%s: asked %q", what, asked)
		}
	}
	if len(k.taken) != len(calls) {
		t.Errorf("it took %q", k.taken)
	}
}

// What the vault remembers of an access code may be the only copy.
func TestAccessCodeIsForgottenByProofAlone(t *testing.T) {
	b, _ := withTaker(t)
	b.must(t, knows(passphrase), wire.MethodTokenProtect, wire.TokenProtectParams{Action: wire.ProtectSet}, nil)
	b.refused(t, nobody, errcode.NoPrompt, wire.MethodTokenProtect, wire.TokenProtectParams{Action: wire.ProtectForget})
	b.must(t, knows(passphrase), wire.MethodTokenProtect, wire.TokenProtectParams{Action: wire.ProtectForget}, nil)
}
