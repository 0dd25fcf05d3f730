package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/flight"
	"github.com/mfad/mfad/credproc/sigv4"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
)

// dayLayout is how Signature Version 4 writes a UTC day.
const dayLayout = sigv4.DayLayout

// dayID names the key of a day of an access key.
type dayID struct{ key, day string }

// String is the name under which the vault keeps it.
func (d dayID) String() string { return "day " + d.key + " " + d.day }

// ofKey holds for the names of all the days of the access key.
func (d dayID) ofKey(name string) bool { return strings.HasPrefix(name, "day "+d.key+" ") }

// end is when the day is over.
func (d dayID) end() (time.Time, error) {
	start, err := time.Parse(dayLayout, d.day)
	return start.AddDate(0, 0, 1), err
}

// dayKeys signs by tokens for one request. The key of a day is kept with the
// vault; when the vault is unlocked for each use, then here.
type dayKeys struct {
	service *Service
	item    keystore.Item
	ask     credproc.Asker

	mu    sync.Mutex
	known access
	own   map[string]*keystore.Secret // by day
}

var _ credproc.Signer = (*dayKeys)(nil)

// keyOnToken is AccessKey for a secret that tokens keep.
func (s *Service) keyOnToken(ctx context.Context, item keystore.Item, ask credproc.Asker) (credproc.AccessKey, error) {
	fresh, known, err := s.follow(ctx, item, ask)
	if err != nil {
		return credproc.AccessKey{}, err
	}
	d := &dayKeys{service: s, item: fresh, ask: ask, known: known, own: make(map[string]*keystore.Secret)}
	return credproc.AccessKey{ID: fresh.Facts[keyIDFact], Signer: d, Close: d.close}, nil
}

func (d *dayKeys) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known.wipe()
	for _, secret := range d.own {
		secret.Destroy()
	}
	d.known, d.own = nil, nil
}

// SigningKey implements [credproc.Signer]: one touch a day while the vault stays
// unlocked, however many ask.
func (d *dayKeys) SigningKey(ctx context.Context, day string) ([]byte, error) {
	id := dayID{d.item.Facts[keyIDFact], day}
	if v := d.service.door.opened(); v.Hold() == 0 {
		return d.forThisUse(ctx, id)
	}
	for {
		v, err := d.service.door.unlocked(ctx, d.ask)
		if err != nil {
			return nil, err
		}
		if key := v.Kept(id.String()); key != nil {
			return key, nil
		}
		_, err = d.service.days.Do(ctx, id, d.ask, func(ctx context.Context, waiters *flight.Waiters[credproc.Asker]) (none, error) {
			return none{}, d.service.fetchDay(ctx, v, d.item, id, credproc.Relay(waiters))
		})
		// The vault may be locked again, and what it kept be gone.
		if err != nil && !errors.Is(err, keystore.ErrLocked) {
			return nil, err
		}
	}
}

// dayMethod is what the audit file calls it when a token makes the key of a
// day: it may be for several requests, each of which has a line of its own.
const dayMethod = "token.day"

// fetchDay has a token make the key of a day and the vault keep it.
func (s *Service) fetchDay(ctx context.Context, v *keystore.Vault, item keystore.Item, id dayID, ask credproc.Asker) error {
	if key := v.Kept(id.String()); key != nil { // another was made just before
		clear(key)
		return nil
	}
	known, _, err := readAccess(v, tokensOf(item))
	if err != nil {
		return err
	}
	defer known.wipe()
	key, end, err := s.dayByToken(ctx, item, known, id, ask)
	if err != nil {
		return err
	}
	if err := s.door.refusal(); err != nil {
		clear(key)
		return err
	}
	if !v.Keep(id.String(), key, end) && !v.Locked() {
		return fmt.Errorf("%w: the UTC day ended while the token was waited for: try again", credproc.ErrUnsigned)
	}
	// Who removes the access key meanwhile wipes what is kept by then.
	if now, found := v.Find(item.Kind, item.Name); !found || now.ID != item.ID {
		v.Unkeep(dayID{key: id.key}.ofKey)
		return fmt.Errorf("%w: %q was changed meanwhile", credproc.ErrNoKey, item.Name)
	}
	return nil
}

// forThisUse is SigningKey where the vault keeps nothing.
func (d *dayKeys) forThisUse(ctx context.Context, id dayID) ([]byte, error) {
	d.mu.Lock()
	secret, known := d.own[id.day], make(access)
	for name, key := range d.known {
		known[name] = slices.Clone(key)
	}
	d.mu.Unlock()
	defer known.wipe()
	if secret != nil {
		return slices.Clone(secret.Bytes()), nil
	}
	key, _, err := d.service.dayByToken(ctx, d.item, known, id, d.ask)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.own != nil {
		d.own[id.day] = keystore.NewSecret(slices.Clone(key))
	}
	return key, nil
}

// dayByToken asks a token; the caller wipes the key.
func (s *Service) dayByToken(ctx context.Context, item keystore.Item, known access, id dayID, ask credproc.Asker) ([]byte, time.Time, error) {
	end, err := id.end()
	if err == nil {
		err = worthATouch(item, ask)
	}
	if err != nil {
		return nil, end, err
	}
	got, err := s.tokens.OATHDay(ctx, token.OATHDayParams{Ref: refOf(item, known, ask), Name: item.Facts[credentialFact], Day: id.day},
		bearer{ask, "to sign with access key " + item.Name + " today"})
	s.write(ctx, event{what: dayMethod, profile: item.Name, keyID: id.key, action: id.day, tokens: []string{got.Token.Serial}, err: err})
	if err != nil {
		return nil, end, fmt.Errorf("signing with access key %q: %w", item.Name, err)
	}
	return got.Key, end, nil
}
