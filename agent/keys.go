package agent

import (
	"context"
	"fmt"

	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/naming"
	"github.com/mfad/mfad/agent/ontoken"
	"github.com/mfad/mfad/agent/tokenperson"
	"github.com/mfad/mfad/agent/trust"
	"github.com/mfad/mfad/agent/vault"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/sigv4"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/keystore"
)

// keys are the methods for access keys, and gives the keys to the broker.
type keys struct {
	access   *vault.Access
	applets  *ontoken.Applets
	signing  *ontoken.SigningKeys
	trust    *trust.Endpoints
	sessions *sessions
	names    *naming.Names
	profiles *resolver
}

var _ credproc.Keys = (*keys)(nil)

// AccessKey implements [credproc.Keys]; it unlocks the vault if it must.
func (m *keys) AccessKey(ctx context.Context, name string, ask credproc.Asker) (credproc.AccessKey, error) {
	v, err := m.access.Unlocked(ctx, ask)
	if err != nil {
		return credproc.AccessKey{}, err
	}
	if key, err := inventory.FindKey(v, name); err == nil && key.OnToken() {
		return m.signing.Key(ctx, key, ask)
	}
	var key inventory.Key
	var secret *keystore.Secret
	err = m.access.Use(ctx, ask, func(v *keystore.Vault) (err error) {
		if key, err = inventory.FindKey(v, name); err == nil {
			secret, err = v.Read(key.ID())
		}
		return err
	})
	if err != nil {
		return credproc.AccessKey{}, err
	}
	return credproc.AccessKey{ID: key.AccessKeyID, Secret: secret.Bytes(), Close: secret.Destroy}, nil
}

// KeyID implements [credproc.Keys]: it reads what is public of a key.
func (m *keys) KeyID(ctx context.Context, name string) (string, error) {
	v, err := m.access.Open(ctx)
	if err != nil {
		return "", err
	}
	key, err := inventory.FindKey(v, name)
	return key.AccessKeyID, err
}

func (m *keys) add(ctx context.Context, r *request, p wire.KeyImportParams) (wire.Key, error) {
	defer clear(p.Secret)
	if err := checkKey(p); err != nil {
		return wire.Key{}, err
	}
	key, old, err := m.store(ctx, r, p)
	if err != nil {
		return wire.Key{}, err
	}
	left := m.applets.Abandon(ctx, old.Held, r.ask)
	if err := m.retire(ctx, old.AccessKeyID, p.AccessKeyID, r.ask); err != nil {
		return wire.Key{}, err
	}
	for _, endpoint := range p.Trust {
		if err := m.trust.Add(ctx, p.AccessKeyID, credproc.Route{URL: endpoint}, r.ask); err != nil {
			return wire.Key{}, err
		}
	}
	shown := m.describe(key)
	shown.Left = left
	return shown, nil
}

// store stores an access key in the vault or on tokens, in the place of old, which
// is zero if there is none.
func (m *keys) store(ctx context.Context, r *request, p wire.KeyImportParams) (key, old inventory.Key, err error) {
	key = inventory.NewKey(p.Name, p.AccessKeyID)
	var onto ontoken.Target
	err = m.access.Use(ctx, r.ask, func(v *keystore.Vault) (err error) {
		if old, err = keyToReplace(v, p); err != nil {
			return err
		}
		key.Supersede(old.Entry)
		if onto, err = placeOf(p).target(old.Held); err != nil || p.OnToken {
			return err
		}
		return inventory.Store(v, &key, p.Secret)
	})
	if err == nil && p.OnToken {
		sent := onItsWay(&key, p.Secret)
		defer clear(sent.Key)
		err = m.applets.Put(ctx, r.ask, sent, onto)
	}
	return key, old, err
}

func placeOf(p wire.KeyImportParams) place { return place{p.OnToken, p.ToVault, p.Touch, p.Tokens} }

// onItsWay is a secret access key on its way to tokens. The caller wipes its Key.
func onItsWay(key *inventory.Key, secret []byte) ontoken.Secret {
	return ontoken.Secret{
		Record: key, Names: []string{ontoken.KeyName(key.AccessKeyID)},
		Algorithm: signsWith, Digits: signDigits, Signs: true, Key: sigv4.Secret(secret),
		Why: "to put access key " + key.Name + " on it",
	}
}

// checkKey refuses what cannot be a long-term access key, or its name.
func checkKey(p wire.KeyImportParams) error {
	if err := naming.Check("an access key", p.Name); err != nil {
		return err
	}
	if err := config.CheckLongTermKey(p.AccessKeyID, p.Secret); err != nil {
		return errcode.Wrap(errcode.BadRequest, err)
	}
	return checkPlace(placeOf(p))
}

// keyToReplace is the key that an import replaces, if there is one and it may.
func keyToReplace(v *keystore.Vault, p wire.KeyImportParams) (inventory.Key, error) {
	if other, found := inventory.KeyOfID(v, p.AccessKeyID); found && other.Name != p.Name {
		return inventory.Key{}, fmt.Errorf("%w: access key %s is in the vault as %q", keystore.ErrItemExists, p.AccessKeyID, other.Name)
	}
	key, found := inventory.KeyNamed(v, p.Name)
	if found && !p.Replace {
		return inventory.Key{}, fmt.Errorf("%w: the vault has an access key named %q, %s", keystore.ErrItemExists, p.Name, key.AccessKeyID)
	}
	return key, nil
}

func (m *keys) list(ctx context.Context, _ *request) ([]wire.Key, error) {
	v, err := m.access.Open(ctx)
	if err != nil {
		return nil, err
	}
	shown := []wire.Key{}
	for _, key := range inventory.Keys(v) {
		shown = append(shown, m.describe(key))
	}
	return shown, nil
}

func (m *keys) remove(ctx context.Context, r *request, p wire.NameParams) (wire.RemoveResult, error) {
	var key inventory.Key
	left, err := m.applets.Remove(ctx, r.ask, func(v *keystore.Vault) (_ inventory.Held, err error) {
		key, err = inventory.FindKey(v, p.Name)
		return key.Held, err
	})
	if err == nil {
		err = m.retire(ctx, key.AccessKeyID, "", r.ask)
	}
	return wire.RemoveResult{Left: left}, err
}

// rename gives a key another name, and tells which settings have the old one still.
func (m *keys) rename(ctx context.Context, r *request, p wire.RenameParams) (wire.KeyRenameResult, error) {
	uses := []wire.Value{}
	for profile, chain := range m.profiles.chains(ctx, ofKey(p.Name)) {
		uses = append(uses, describeValue(profile, chain.Source().(config.VaultKey).Name))
	}
	key, err := m.names.Key(ctx, p.Name, p.To, r.ask)
	return wire.KeyRenameResult{Key: m.describe(key), Uses: uses}, err
}

// retire ends what was made with an access key that the vault has no more: its
// signing keys, the sessions, also those of its roles, which do not name it, and
// its trust.
func (m *keys) retire(ctx context.Context, id, successor string, ask credproc.Asker) error {
	if id == "" {
		return nil
	}
	m.sessions.forgetAll()
	m.signing.Forget(id)
	if id == successor {
		return nil
	}
	return m.trust.RemoveAll(ctx, id, ask)
}

// vouch lets the requests of a key take a route, or takes that back.
func (m *keys) vouch(ctx context.Context, r *request, p wire.KeyTrustParams) (none, error) {
	v, err := m.access.Open(ctx)
	if err != nil {
		return none{}, err
	}
	key, err := keyOf(v, p.Name)
	if err != nil {
		return none{}, err
	}
	route, err := routeOf(p)
	if err != nil {
		return none{}, err
	}
	if !p.Revoke {
		return none{}, m.trust.Add(ctx, key.AccessKeyID, route, r.ask)
	}
	err = m.trust.Remove(ctx, key.AccessKeyID, route, r.ask)
	if err == nil {
		m.sessions.forgetAll() // what came from there is not trusted either
	}
	return none{}, err
}

// routeOf is the route that is to be trusted.
func routeOf(p wire.KeyTrustParams) (r credproc.Route, err error) {
	r.Proxy, r.CA = p.Proxy, p.CA
	if p.Endpoint == trust.AWS {
		if r == (credproc.Route{}) {
			return r, errcode.Errorf(errcode.BadRequest, "AWS's own endpoints are trusted: name an endpoint, a proxy or a CA bundle")
		}
		return r, trust.Check(r)
	}
	if r.URL, err = trust.Canonical(p.Endpoint); err != nil {
		return r, err
	}
	return r, trust.Check(r)
}

// A credential that signs is of HMAC-SHA256. Its digits are never used.
const signsWith, signDigits = "SHA256", 6

// move moves a secret access key out of the vault onto tokens, as devices.move
// does a seed. From then on nobody can make the signing key of another day.
func (m *keys) move(ctx context.Context, r *request, p wire.MoveParams) (wire.Key, error) {
	var key inventory.Key
	who := tokenperson.For(r.ask, fmt.Sprintf("to move access key %.80q onto a token", p.Name))
	secret, err := m.applets.TakeOut(ctx, who, func(v *keystore.Vault) (_ inventory.Held, err error) {
		key, err = inventory.FindKey(v, p.Name)
		return key.Held, err
	})
	if err != nil {
		return wire.Key{}, err
	}
	defer secret.Destroy()
	sent := onItsWay(&key, secret.Bytes())
	defer clear(sent.Key)
	if err := m.applets.Put(ctx, r.ask, sent, ontoken.Target{Tokens: p.Tokens, Touch: p.Touch}); err != nil {
		return wire.Key{}, err
	}
	return m.describe(key), nil
}

func (m *keys) describe(key inventory.Key) wire.Key {
	on := key.Placement()
	return wire.Key{
		Name: key.Name, AccessKeyID: key.AccessKeyID, Created: key.Created(), Trust: m.trust.Of(key.AccessKeyID),
		Tokens: on.Tokens, Touch: on.Touch,
	}
}
