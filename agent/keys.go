package agent

import (
	"context"
	"fmt"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/keystore"
)

// keyIDFact is the fact of an access key's item that holds its id; the content
// is the secret access key alone.
const keyIDFact = "accessKeyId"

var (
	_ credproc.Keys  = (*Service)(nil)
	_ credproc.Codes = (*Service)(nil)
	_ credproc.Trust = (*Service)(nil)
)

// AccessKey reads a key for the broker, unlocking the vault if it must.
func (s *Service) AccessKey(ctx context.Context, name string, ask credproc.Asker) (credproc.AccessKey, error) {
	v, err := s.access.Unlocked(ctx, ask)
	if err != nil {
		return credproc.AccessKey{}, err
	}
	if item, err := findKey(v, name); err == nil && onToken(item) {
		return s.keyOnToken(ctx, item, ask)
	}
	var item keystore.Item
	var secret *keystore.Secret
	err = s.access.Use(ctx, ask, func(v *keystore.Vault) (err error) {
		if item, err = findKey(v, name); err == nil {
			secret, err = v.Read(item.ID)
		}
		return err
	})
	if err != nil {
		return credproc.AccessKey{}, err
	}
	return credproc.AccessKey{ID: item.Facts[keyIDFact], Secret: secret.Bytes(), Close: secret.Destroy}, nil
}

// KeyID reads what is public of a key.
func (s *Service) KeyID(ctx context.Context, name string) (string, error) {
	v, err := s.access.Open(ctx)
	if err != nil {
		return "", err
	}
	item, err := findKey(v, name)
	return item.Facts[keyIDFact], err
}

// isKey holds for access keys, wherever their secrets are.
func isKey(item keystore.Item) bool {
	return item.Kind == keystore.KindAccessKey || item.Kind == keystore.KindOATHKey
}

// keyNamed finds an access key by its name, which no two have.
func keyNamed(v *keystore.Vault, name string) (keystore.Item, bool) {
	return findItem(v, func(i keystore.Item) bool { return isKey(i) && i.Name == name })
}

func findKey(v *keystore.Vault, name string) (keystore.Item, error) {
	item, found := keyNamed(v, name)
	if !found {
		return keystore.Item{}, fmt.Errorf("%w: the vault has none named %.80q", credproc.ErrNoKey, name)
	}
	return item, nil
}

// keyOfID finds a key by its public half.
func keyOfID(v *keystore.Vault, id string) (keystore.Item, bool) {
	return findItem(v, func(i keystore.Item) bool { return isKey(i) && i.Facts[keyIDFact] == id })
}

// hasKey is KeyID for the resolution of profiles, which goes on without a vault.
func (s *Service) hasKey(ctx context.Context) func(name string) bool {
	return func(name string) bool {
		_, err := s.KeyID(ctx, name)
		return err == nil
	}
}

func (s *Service) keyImport(ctx context.Context, r *request, p wire.KeyImportParams) (wire.Key, error) {
	defer clear(p.Secret)
	if err := checkKey(p); err != nil {
		return wire.Key{}, err
	}
	endpoints, err := canonicalEndpoints(p.Trust)
	if err != nil {
		return wire.Key{}, err
	}
	item := keystore.Item{Name: p.Name, Kind: keystore.KindAccessKey, Facts: map[string]string{keyIDFact: p.AccessKeyID}}
	var old keystore.Item
	err = s.access.Use(ctx, r.ask, func(v *keystore.Vault) (err error) {
		if old, err = keyToPut(v, p); err == nil {
			item, err = store(v, old, item, p.Secret)
		}
		return err
	})
	if err != nil {
		return wire.Key{}, err
	}
	s.abandon(ctx, old, r.ask)
	if err := s.retire(ctx, old.Facts[keyIDFact], p.AccessKeyID, r.ask); err != nil {
		return wire.Key{}, err
	}
	for _, url := range endpoints {
		if err := s.trust(ctx, p.AccessKeyID, url, r.ask); err != nil {
			return wire.Key{}, err
		}
	}
	return s.describeKey(item), nil
}

// checkKey refuses what cannot be a long-term access key, or its name.
func checkKey(p wire.KeyImportParams) error {
	if !config.ValidName(p.Name) {
		return badName("an access key", p.Name)
	}
	if err := config.CheckLongTermKey(p.AccessKeyID, p.Secret); err != nil {
		return wire.Wrap(wire.ErrBadRequest, err)
	}
	return nil
}

func badName(what, name string) error {
	return wire.Errorf(wire.ErrBadRequest, "%.80q cannot be the name of %s: it has 1 to 64 letters, digits, and _.@/+:-", name, what)
}

// keyToPut is the item that an import replaces, if there is one and it may.
func keyToPut(v *keystore.Vault, p wire.KeyImportParams) (keystore.Item, error) {
	if other, found := keyOfID(v, p.AccessKeyID); found && other.Name != p.Name {
		return keystore.Item{}, fmt.Errorf("%w: access key %s is in the vault as %q", keystore.ErrItemExists, p.AccessKeyID, other.Name)
	}
	item, found := keyNamed(v, p.Name)
	if found && !p.Replace {
		return keystore.Item{}, fmt.Errorf("%w: the vault has an access key named %q, %s", keystore.ErrItemExists, p.Name, item.Facts[keyIDFact])
	}
	return item, nil
}

func (s *Service) keyList(ctx context.Context, _ *request) ([]wire.Key, error) {
	v, err := s.access.Open(ctx)
	if err != nil {
		return nil, err
	}
	keys := []wire.Key{}
	for _, item := range v.Items() {
		if isKey(item) {
			keys = append(keys, s.describeKey(item))
		}
	}
	return keys, nil
}

func (s *Service) keyRemove(ctx context.Context, r *request, p wire.NameParams) (wire.RemoveResult, error) {
	item, left, err := s.remove(ctx, r, func(v *keystore.Vault) (keystore.Item, error) { return findKey(v, p.Name) })
	if err == nil {
		err = s.retire(ctx, item.Facts[keyIDFact], "", r.ask)
	}
	return wire.RemoveResult{Left: left}, err
}

// retire ends what was made with an access key that the vault has no more: the
// keys of its days, the sessions, also those of its roles, which do not name it, and its trust.
func (s *Service) retire(ctx context.Context, id, successor string, ask credproc.Asker) error {
	if id == "" {
		return nil
	}
	s.forgetAll()
	if v := s.access.Opened(); v != nil {
		v.Unkeep(dayID{key: id}.ofKey)
	}
	if id == successor {
		return nil
	}
	return s.distrustAll(ctx, id, ask)
}

func (s *Service) describeKey(item keystore.Item) wire.Key {
	id := item.Facts[keyIDFact]
	return wire.Key{
		Name: item.Name, AccessKeyID: id, Created: item.Created, Trust: s.trustedEndpoints(id),
		Tokens: tokensOf(item), Touch: touches(item),
	}
}
