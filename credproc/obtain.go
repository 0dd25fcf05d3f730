package credproc

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/flight"
	"github.com/mfad/mfad/internal/human"
)

// signer is credentials on their way to a signature.
type signer struct {
	Credentials
	cached bool   // they are of a session that was there before
	wipe   func() // may be nil
}

func (s signer) release() {
	if s.wipe != nil {
		s.wipe()
	}
}

// reach gives the credentials in which a leg ends. Release them.
func (b *Broker) reach(ctx context.Context, l leg, ask Asker) (signer, error) {
	switch l.step().Kind {
	case config.VaultKey:
		return b.vaultKey(ctx, l, ask)
	case config.StaticKeys:
		return staticKeys(l.step()), nil
	case config.Environment:
		return b.environment(), nil
	}
	return b.obtain(ctx, l, ask)
}

// cached gives the session of a leg when it lives long enough, or as long as
// it lives while it cannot be renewed. It starts a renewal when it is time.
// The session that is there is returned in any case.
func (b *Broker) cached(l leg) (Credentials, *session, bool) {
	s := b.cache.find(l.key(), l.profile)
	if s == nil {
		return Credentials{}, nil, false
	}
	now := b.clock.now()
	switch left := s.end.left(now); {
	case left >= s.renewAt:
		return s.creds, s, true
	case left >= l.margin(s.end):
		b.renew(l, s, now)
		return s.creds, s, true
	case left > 0:
		return s.creds, s, b.cache.held(s, now)
	}
	return Credentials{}, s, false
}

// obtain gives the session of a leg, out of the cache or new.
func (b *Broker) obtain(ctx context.Context, l leg, ask Asker) (signer, error) {
	creds, old, ok := b.cached(l)
	if ok {
		return signer{Credentials: creds, cached: true}, nil
	}
	creds, err := b.fly(ctx, l, old, ask)
	if err == nil {
		b.cache.find(l.key(), l.profile) // notes the profile, of each that rode
		return signer{Credentials: creds}, nil
	}
	now := b.clock.now()
	if old == nil || old.end.left(now) <= 0 {
		return signer{}, err
	}
	b.cache.failed(old, err, now)
	return signer{Credentials: old.creds, cached: true}, nil
}

// renew makes a session anew in the background, if that needs no question.
func (b *Broker) renew(l leg, old *session, now moment) {
	b.cache.beginRenewal(old, now, func() {
		b.background.Go(func() {
			ctx, cancel := context.WithTimeout(b.ctx, b.patience)
			defer cancel()
			_, err := b.fly(ctx, l, old, human.Silent{})
			now := b.clock.now()
			if err != nil {
				b.log.Info("session not renewed", "kind", l.step().Kind, "key", old.creds.AccessKeyID, "error", err)
				b.cache.failed(old, err, now)
			}
			b.cache.endRenewal(old, err, now)
		})
	})
}

// fly makes the session of a leg, once for all who ask meanwhile. Old is the
// one that was found wanting, if any.
func (b *Broker) fly(ctx context.Context, l leg, old *session, ask Asker) (Credentials, error) {
	return b.flights.Do(ctx, l.key(), ask, func(ctx context.Context, riders *flight.Riders[Asker]) (Credentials, error) {
		s := b.cache.find(l.key(), l.profile)
		if s != nil && s != old && s.end.left(b.clock.now()) > 0 {
			return s.creds, nil // a flight landed just before this one started
		}
		mark := b.cache.begin()
		defer b.cache.end()
		creds, err := b.make(ctx, l, Relay(riders))
		if err == nil {
			err = creds.check()
		}
		if err != nil {
			return Credentials{}, err
		}
		b.keep(l, creds, mark)
		return creds, nil
	})
}

// keep puts a new session into the cache. What has no end is long-term, and
// not kept.
func (b *Broker) keep(l leg, creds Credentials, mark int) {
	if creds.Expiration.IsZero() || creds.SessionToken == "" {
		return
	}
	step, now := l.step(), b.clock.now()
	end := expiry(now, creds.Expiration, b.skew.now(), l.longest())
	renewAt := end.renew()
	if spread := renewAt - end.handOut(); spread > 0 {
		renewAt -= rand.N(spread/2 + time.Nanosecond)
	}
	b.log.Info("session made", "kind", step.Kind, "key", creds.AccessKeyID, "expires", creds.Expiration)
	b.cache.store(&session{
		key: l.key(), creds: creds, end: end, renewAt: renewAt,
		info: SessionInfo{
			ID: l.key().String(), Kind: step.Kind, AccessKeyID: creds.AccessKeyID, Identity: l.identity(),
			Account: creds.AccountID, Serial: step.Serial.Text, Expires: creds.Expiration,
		},
		profiles: map[string]struct{}{l.profile: {}},
	}, mark, now)
}
