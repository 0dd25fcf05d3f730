package credproc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/mfad/mfad/credproc/flight"
	"github.com/mfad/mfad/internal/human"
)

// get gives the credentials in which a stage ends: those that are at hand, the
// session out of the cache, or a new one. Release them.
func (b *Broker) get(ctx context.Context, s stage, ask Asker) (Given, error) {
	if s.atHand() {
		return s.make(ctx, ask)
	}
	creds, old, ok := b.cached(s)
	if ok {
		return Given{Credentials: creds, cached: true}, nil
	}
	creds, err := b.makeOnce(ctx, s, old, ask)
	if err == nil {
		b.cache.find(s.key(), s.profile) // notes the profile, of each that waited
		return Given{Credentials: creds}, nil
	}
	now := b.clock.now()
	if old == nil || old.end.left(now) <= 0 {
		return Given{}, err
	}
	b.cache.failed(old, err, now)
	return Given{Credentials: old.creds, cached: true}, nil
}

// cached gives the session of a stage when it lives long enough, or as long as
// it lives while it cannot be renewed. It starts a renewal when it is time.
// The session that is there is returned in any case.
func (b *Broker) cached(s stage) (Credentials, *session, bool) {
	found := b.cache.find(s.key(), s.profile)
	if found == nil {
		return Credentials{}, nil, false
	}
	now := b.clock.now()
	switch left := found.end.left(now); {
	case left >= found.renewAt:
		return found.creds, found, true
	case left >= s.margin(found.end):
		b.renew(s, found, now)
		return found.creds, found, true
	case left > 0:
		return found.creds, found, b.cache.held(found, now)
	}
	return Credentials{}, found, false
}

// renew makes a session anew in the background, if that needs no question.
func (b *Broker) renew(s stage, old *session, now moment) {
	b.cache.beginRenewal(old, now, func() {
		b.background.Go(func() {
			ctx, cancel := context.WithTimeout(b.ctx, b.patience)
			defer cancel()
			_, err := b.makeOnce(ctx, s, old, human.Silent{})
			now := b.clock.now()
			if err != nil {
				b.log.Info("session not renewed", "kind", s.step().Kind(), "key", old.creds.AccessKeyID, "error", err)
				b.cache.failed(old, err, now)
			}
			b.cache.endRenewal(old, err, now)
		})
	})
}

// makeOnce makes the session of a stage, once for all who ask meanwhile. Old is
// the one that was found wanting, if any.
func (b *Broker) makeOnce(ctx context.Context, s stage, old *session, ask Asker) (Credentials, error) {
	return b.flights.Do(ctx, s.key(), ask, func(ctx context.Context, waiters *flight.Waiters[Asker]) (Credentials, error) {
		made := b.cache.find(s.key(), s.profile)
		if made != nil && made != old && made.end.left(b.clock.now()) > 0 {
			return made.creds, nil // another was made just before this one was begun
		}
		mark := b.cache.begin()
		defer b.cache.end()
		creds, err := b.make(ctx, s, Relay(waiters))
		if err == nil {
			err = creds.check()
		}
		if err != nil {
			return Credentials{}, err
		}
		b.keep(s, creds, mark)
		return creds, nil
	})
}

// make makes what a stage ends in: out of its source, or by an exchange for the
// credentials of the stage below.
func (b *Broker) make(ctx context.Context, s stage, ask Asker) (Credentials, error) {
	if !s.first() {
		return b.exchange(ctx, s, ask)
	}
	given, err := s.make(ctx, ask)
	if err != nil {
		return Credentials{}, err
	}
	creds, err := given.bounded(b.clock.now().wall, mostLife)
	if err != nil {
		return Credentials{}, fmt.Errorf("%s: the source %w", s.step().At, err)
	}
	creds.AccountID = cmp.Or(creds.AccountID, AccountOf(creds.ARN))
	return creds, nil
}

// make has the source of the plan give its credentials.
func (p *plan) make(ctx context.Context, ask Asker) (Given, error) {
	return p.source.Make(ctx, p.chain.Steps[0], p.id, ask)
}

// exchange makes the session of a stage by asking STS, signed by the stage
// below. When a session that signs turns out to be refused, it is made once more.
func (b *Broker) exchange(ctx context.Context, s stage, ask Asker) (Credentials, error) {
	to, err := b.exchanger.open(ctx, s, ask)
	if err != nil {
		return Credentials{}, s.explain(err)
	}
	for again := false; ; again = true {
		by, err := b.get(ctx, s.below(), ask)
		if err != nil {
			return Credentials{}, err
		}
		creds, err := to.request(ctx, by.Credentials)
		by.release()
		if err == nil {
			return to.complete(ctx, creds)
		}
		if again || !by.cached || !signerRefused(err) {
			return Credentials{}, s.explain(err)
		}
		b.cache.drop(s.below().key(), by.AccessKeyID)
	}
}

// signerRefused says that AWS does not know, or know any more, the session that
// signed.
func signerRefused(err error) bool {
	return errors.Is(err, ErrExpired) || errors.Is(err, ErrKeyRefused)
}

// keep puts a new session into the cache. What has no end is long-term, and
// not kept.
func (b *Broker) keep(s stage, creds Credentials, mark int) {
	if creds.Expiration.IsZero() || creds.SessionToken == "" {
		return
	}
	now := b.clock.now()
	end := expiry(now, creds.Expiration.Add(-b.exchanger.skew.now()), s.longest())
	renewAt := end.renew()
	if spread := renewAt - end.handOut(); spread > 0 {
		renewAt -= rand.N(spread/2 + time.Nanosecond)
	}
	b.log.Info("session made", "kind", s.step().Kind(), "key", creds.AccessKeyID, "expires", creds.Expiration)
	b.cache.store(&session{
		key: s.key(), creds: creds, end: end, renewAt: renewAt,
		info: SessionInfo{
			ID: s.key().String(), Kind: s.step().Kind(), AccessKeyID: creds.AccessKeyID, Identity: s.name(),
			Account: creds.AccountID, Serial: s.serial().Text, Expires: creds.Expiration,
		},
		profiles: map[string]struct{}{s.profile: {}},
	}, mark, now)
}
