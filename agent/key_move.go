package agent

import (
	"context"
	"fmt"
	"maps"

	"github.com/mfad/mfad/agent/tokenperson"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc/sigv4"
	"github.com/mfad/mfad/keystore"
)

// A credential that signs is of HMAC-SHA256. Its digits are never used.
const signsWith, signDigits = "SHA256", 6

// keyMove moves a secret access key out of the vault onto tokens, as deviceMove
// does a seed. From then on nobody can make the key of another day.
func (s *Service) keyMove(ctx context.Context, r *request, p wire.KeyMoveParams) (wire.Key, error) {
	find := func(v *keystore.Vault) (keystore.Item, error) { return findKey(v, p.Name) }
	old, secret, err := s.takeOut(ctx, r.ask, fmt.Sprintf("to move access key %.80q onto a token", p.Name), find)
	if err != nil {
		return wire.Key{}, err
	}
	defer secret.Destroy()
	known, err := s.knownAccess(ctx, p.Tokens, r.ask)
	if err != nil {
		return wire.Key{}, err
	}
	defer known.wipe()
	onto := placing{
		name: "mfad-key:" + old.Facts[keyIDFact], algorithm: signsWith, digits: signDigits, key: sigv4.Secret(secret.Bytes()),
		touch: p.Touch, tokens: p.Tokens, known: known,
	}
	defer clear(onto.key)
	at, err := s.place(ctx, onto, tokenperson.For(r.ask, "to put access key "+old.Name+" on it"))
	if err != nil {
		return wire.Key{}, err
	}
	item := keystore.Item{Name: old.Name, Kind: keystore.KindOATHKey, Facts: withTokens(maps.Clone(old.Facts), onto, at)}
	if item, err = s.pointTo(ctx, old, item, onto, at, r.ask); err != nil {
		return wire.Key{}, err
	}
	return s.describeKey(item), nil
}
