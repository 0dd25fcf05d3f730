package agent

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/mfad/mfad/agent/tokenperson"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/totp"
)

// maxCredential is the longest name of a credential of an OATH applet, in bytes.
const maxCredential = 64

// deviceMove moves a seed out of the vault onto tokens. It has left the vault
// when they have proved that they have it, and not before; a move that ended
// half way can be made again. It takes a way into the vault: what says that it
// is a token may be a program.
func (s *Service) deviceMove(ctx context.Context, r *request, p wire.DeviceMoveParams) (wire.Device, error) {
	find := func(v *keystore.Vault) (keystore.Item, error) { return findDevice(v, p.Name) }
	old, content, err := s.takeOut(ctx, r.ask, fmt.Sprintf("to move device %.80q onto a token", p.Name), find)
	if err != nil {
		return wire.Device{}, err
	}
	defer content.Destroy()
	keys, err := totp.Parse(content.Bytes())
	if err != nil {
		return wire.Device{}, err
	}
	defer totp.WipeAll(keys)
	item := keystore.Item{Name: old.Name, Kind: keystore.KindOATH, Facts: maps.Clone(old.Facts)}
	e := entry{item: item, old: old, names: credentialNames(s.access.Opened(), &keys[0], old.Name, nil)}
	item, err = s.deviceOnto(ctx, r, e, &keys[0], p)
	if err != nil {
		return wire.Device{}, err
	}
	s.carryStep(old, item, keys[0].Period)
	return describeDevice(item), nil
}

// takeOut reads an item that is to be moved onto a token, for who proves that
// they may. The caller destroys the content.
func (s *Service) takeOut(ctx context.Context, ask credproc.Asker, why string, find func(*keystore.Vault) (keystore.Item, error)) (item keystore.Item, content *keystore.Secret, err error) {
	if err := s.access.Prove(ctx, ask, why); err != nil {
		return keystore.Item{}, nil, err
	}
	err = s.access.Use(ctx, ask, func(v *keystore.Vault) (err error) {
		if item, err = find(v); err != nil {
			return err
		}
		if onToken(item) {
			return wire.Errorf(wire.ErrBadRequest, "%q is on a token already, which gives no secret back", item.Name)
		}
		content, err = v.Read(item.ID)
		return err
	})
	return item, content, err
}

// deviceOnto puts a seed onto tokens, and lets the vault point to it.
func (s *Service) deviceOnto(ctx context.Context, r *request, e entry, key *totp.Key, onto wire.DeviceMoveParams) (keystore.Item, error) {
	known, err := s.knownAccess(ctx, onto.Tokens, r.ask)
	if err != nil {
		return keystore.Item{}, err
	}
	defer known.wipe()
	p := placing{
		algorithm: string(key.Algorithm), digits: key.Digits, key: key.Seed.Bytes(), touch: onto.Touch,
		tokens: onto.Tokens, known: known,
	}
	var at placed
	for _, p.name = range e.names {
		at, err = s.place(ctx, p, tokenperson.For(r.ask, "to put device "+e.item.Name+" on it"))
		if !errors.Is(err, token.ErrExists) { // of somebody else's
			break
		}
	}
	if err != nil {
		return keystore.Item{}, err
	}
	withTokens(e.item.Facts, p, at)
	return s.pointTo(ctx, e.old, e.item, p, at, r.ask)
}

// carryStep has the ledger know a moved device: a code that was released of the
// old item is not released of the new one.
func (s *Service) carryStep(old, now keystore.Item, period time.Duration) {
	if ledgerName(old) == ledgerName(now) || s.ledger.NextIn(ledgerName(old), period) == 0 {
		return
	}
	if err := s.ledger.Mark(ledgerName(now), period); err != nil {
		s.options.Logger.Warn("that a code was used was not recorded", "device", now.Name, "err", err)
	}
}

// credentialNames are what a device may be called on a token, the best first: as
// the authenticator apps write it, "ISSUER:ACCOUNT" behind "PERIOD/" if that is
// not 30 s, and by its name in the vault, with a number if need be. No pointer of the vault, nor of those
// that are to come with it, has one of them: not that of the device which it is
// to replace either, whose credential stays as it is until the vault points to
// the new one.
func credentialNames(v *keystore.Vault, key *totp.Key, device string, others []entry) (names []string) {
	prefix := ""
	if key.Period != awsPeriod {
		prefix = strconv.Itoa(int(key.Period/time.Second)) + "/"
	}
	free := func(name string) bool {
		_, taken := findItem(v, func(i keystore.Item) bool { return i.Facts[credentialFact] == name })
		return !taken && !slices.ContainsFunc(others, func(o entry) bool { return slices.Contains(o.names, name) })
	}
	if name := prefix + key.Issuer + ":" + key.Account; key.Issuer != "" && key.Account != "" && len(name) <= maxCredential && free(name) {
		names = append(names, name)
	}
	own := prefix + "mfad:" + device
	name := shortened(own)
	for n := 2; len(names) < mostNames; n++ {
		if free(name) {
			names = append(names, name)
		}
		name = shortened(own + "~" + strconv.Itoa(n)) // which is no device's name
	}
	return names
}

// mostNames is how many names are tried on a token that has some of them for
// something else.
const mostNames = 6

// shortened cuts what is too long for a token, in a way that keeps two names
// apart.
func shortened(name string) string {
	if len(name) <= maxCredential {
		return name
	}
	const digest = 8
	return fmt.Sprintf("%s-%.*x", name[:maxCredential-digest-1], digest/2, sha256.Sum256([]byte(name)))
}
