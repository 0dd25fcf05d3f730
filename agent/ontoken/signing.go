package ontoken

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mfad/mfad/agent/audit"
	"github.com/mfad/mfad/agent/inventory"
	"github.com/mfad/mfad/agent/tokenperson"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/flight"
	"github.com/mfad/mfad/credproc/sigv4"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// SigningKeys has tokens make the signing keys of access keys: Signature Version 4
// begins with an HMAC over a UTC day, which an OATH applet computes, and what comes
// of it signs for that day. A key that was made is kept with the vault, as long as
// the day lasts and the vault is unlocked; so there is one touch a day.
type SigningKeys struct {
	applets *Applets
	log     *audit.Log
	making  flight.Group[signingID, credproc.Asker, struct{}]
}

// NewSigningKeys returns the signing keys that applets make, each of which leaves
// a line in log. The caller closes it.
func NewSigningKeys(applets *Applets, log *audit.Log) *SigningKeys {
	return &SigningKeys{applets: applets, log: log}
}

// Close ends what a token is asked for just now, and waits for it.
func (s *SigningKeys) Close() { s.making.Close() }

// Forget wipes what was made with an access key that the vault has no more.
func (s *SigningKeys) Forget(accessKeyID string) {
	if v := s.applets.access.Opened(); v != nil {
		v.Unkeep(signingID{key: accessKeyID}.ofKey)
	}
}

// Key is an access key that tokens keep, for one request, which closes it.
func (s *SigningKeys) Key(ctx context.Context, key inventory.Key, ask credproc.Asker) (credproc.AccessKey, error) {
	now, keys, err := follow[inventory.Key](ctx, s.applets, key.Entry, ask)
	if err != nil {
		return credproc.AccessKey{}, err
	}
	by := &signer{signing: s, key: now, ask: ask, keys: keys, own: make(map[string]*keystore.Secret)}
	return credproc.AccessKey{ID: now.AccessKeyID, Signer: by, Close: by.close}, nil
}

// signingID names the signing key of an access key for a day.
type signingID struct{ key, day string }

// String is the name under which the vault keeps it.
func (d signingID) String() string { return "day " + d.key + " " + d.day }

// ofKey holds for the names of all the days of the access key.
func (d signingID) ofKey(name string) bool { return strings.HasPrefix(name, "day "+d.key+" ") }

// end is when the day is over.
func (d signingID) end() (time.Time, error) {
	start, err := time.Parse(sigv4.DayLayout, d.day)
	return start.AddDate(0, 0, 1), err
}

// signer signs by tokens for one request. Its signing keys are kept with the
// vault; when the vault is unlocked for each use, then here.
type signer struct {
	signing *SigningKeys
	key     inventory.Key
	ask     credproc.Asker

	mu   sync.Mutex
	keys AppletKeys
	own  map[string]*keystore.Secret // by day
}

var _ credproc.Signer = (*signer)(nil)

func (s *signer) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys.Wipe()
	for _, secret := range s.own {
		secret.Destroy()
	}
	s.keys, s.own = nil, nil
}

// SigningKey implements [credproc.Signer]: one touch a day while the vault stays
// unlocked, however many ask.
func (s *signer) SigningKey(ctx context.Context, day string) ([]byte, error) {
	id := signingID{s.key.AccessKeyID, day}
	access := s.signing.applets.access
	if access.Opened().Hold() == 0 {
		return s.forThisUse(ctx, id)
	}
	for {
		v, err := access.Unlocked(ctx, s.ask)
		if err != nil {
			return nil, err
		}
		if key := v.Kept(id.String()); key != nil {
			return key, nil
		}
		_, err = s.signing.making.Do(ctx, id, s.ask, func(ctx context.Context, waiters *flight.Waiters[credproc.Asker]) (struct{}, error) {
			return struct{}{}, s.signing.keep(ctx, v, s.key, request{id, credproc.Relay(waiters)})
		})
		// The vault may be locked again, and what it kept be gone.
		if err != nil && !errors.Is(err, keystore.ErrLocked) {
			return nil, err
		}
	}
}

// request asks for the signing key of a day.
type request struct {
	id  signingID
	ask credproc.Asker
}

// keep has a token make a signing key and the vault keep it.
func (s *SigningKeys) keep(ctx context.Context, v *keystore.Vault, of inventory.Key, r request) error {
	name := r.id.String()
	if key := v.Kept(name); key != nil { // it was made just before
		clear(key)
		return nil
	}
	keys, _, err := readKeys(v, of.Placement().Tokens)
	if err != nil {
		return err
	}
	defer keys.Wipe()
	key, end, err := s.byToken(ctx, of, keys, r)
	if err != nil {
		return err
	}
	if err := s.applets.access.Refusal(); err != nil {
		clear(key)
		return err
	}
	if !v.Keep(name, key, end) && !v.Locked() {
		return fmt.Errorf("%w: the UTC day ended while the token was waited for: try again", credproc.ErrUnsigned)
	}
	// Who removes the access key meanwhile wipes what is kept by then.
	if _, same := inventory.Reread[inventory.Key](v, of.Entry); !same {
		v.Unkeep(r.id.ofKey)
		return fmt.Errorf("%w: %q was changed meanwhile", credproc.ErrNoKey, of.Name)
	}
	return nil
}

// forThisUse is SigningKey where the vault keeps nothing.
func (s *signer) forThisUse(ctx context.Context, id signingID) ([]byte, error) {
	s.mu.Lock()
	secret, keys := s.own[id.day], s.keys.clone()
	s.mu.Unlock()
	defer keys.Wipe()
	if secret != nil {
		return slices.Clone(secret.Bytes()), nil
	}
	key, _, err := s.signing.byToken(ctx, s.key, keys, request{id, s.ask})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.own != nil {
		s.own[id.day] = keystore.NewSecret(slices.Clone(key))
	}
	return key, nil
}

// signingMethod is what the audit file calls it when a token makes a signing key:
// it may be for several requests, each of which has a line of its own.
const signingMethod = "token.day"

// byToken asks a token; the caller wipes the key, which is of use until end.
func (s *SigningKeys) byToken(ctx context.Context, of inventory.Key, keys AppletKeys, r request) (key []byte, end time.Time, err error) {
	on := of.Placement()
	end, err = r.id.end()
	if err == nil {
		err = worthATouch(on, r.ask)
	}
	if err != nil {
		return nil, end, err
	}
	day := token.OATHDayParams{Ref: refTo(on, keys, r.ask), Name: on.Credential, Day: r.id.day, Touch: on.Touch}
	got, err := s.applets.tokens.OATHDay(ctx, day, tokenperson.For(r.ask, "to sign with access key "+of.Name+" today"))
	_ = s.log.Write(ctx, audit.Event{What: signingMethod, Err: err, Subject: audit.Subject{
		Name: of.Name, KeyID: r.id.key, Action: r.id.day, Tokens: []string{got.Token.Serial},
	}})
	if err != nil {
		return nil, end, fmt.Errorf("signing with access key %q: %w", of.Name, err)
	}
	return got.Key, end, nil
}
