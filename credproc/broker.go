package credproc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/flight"
	"github.com/mfad/mfad/internal/human"
)

// Options are what a [Broker] works with. Resolve, Keys, Codes, Trust and
// Dialer must be set.
type Options struct {
	// Resolve finds the chain of a profile. The broker only reads the chain.
	Resolve func(ctx context.Context, profile, region string) (*config.Chain, error)
	// TimeAt is where AWS is asked for the time when no profile was used yet, in
	// a partition such as "aws-cn"; empty is not known. Nil: nowhere.
	TimeAt func(partition string) (config.Endpoint, error)
	Keys   Keys
	Codes  Codes
	Trust  Trust
	Dialer Dialer
	// Sources are those beside the broker's own: one for each further kind of
	// step that a chain may begin with.
	Sources []Source
	// Environ looks up a variable of the agent's own environment.
	Environ func(name string) string
	// SessionName is the person's name in AWS's logs: a role session whose
	// profile names none is called mfad-NAME.
	SessionName string
	// Now and Boot are the wall clock and a clock that nobody can set and that
	// runs on while the machine is suspended. Without Boot, the monotonic
	// clock takes its place, and a suspended machine goes unnoticed by it.
	Now  func() time.Time
	Boot func() time.Duration
	// Deadline is how long a request may take; 0 is 55 s, for the clients of
	// credential_process give up after 60.
	Deadline time.Duration
	Logger   *slog.Logger
}

// A Broker makes credentials for profiles and keeps the sessions that it makes
// in memory, until they expire. It never hands out a long-term key.
//
// Equal requests cost one session, however many come at once and whatever
// profiles they come from; a session that serves several roles is made once.
// All methods may be called at any time from any goroutine.
type Broker struct {
	resolve   func(ctx context.Context, profile, region string) (*config.Chain, error)
	timeAt    func(partition string) (config.Endpoint, error)
	planner   planner
	exchanger exchanger
	clock     clock
	patience  time.Duration
	log       *slog.Logger

	cache      cache
	flights    flight.Group[sessionKey, Asker, Credentials]
	background sync.WaitGroup
	ctx        context.Context // of work in the background
	stop       context.CancelFunc
	sweeper    *time.Timer
}

// sweepEvery is how often expired sessions are dropped from memory when
// nothing else happens.
const sweepEvery = 5 * time.Minute

// New returns a broker without sessions. Close it.
func New(o Options) *Broker {
	if o.Environ == nil {
		o.Environ = func(string) string { return "" }
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	clock := newClock(o.Now, o.Boot)
	b := &Broker{
		resolve:   o.Resolve,
		timeAt:    o.TimeAt,
		planner:   planner{make(map[config.StepKind]Source), roleSessionName(o.SessionName)},
		exchanger: exchanger{codes: o.Codes, trust: o.Trust, dialer: o.Dialer, clock: clock, log: o.Logger},
		clock:     clock,
		patience:  cmp.Or(o.Deadline, 55*time.Second),
		log:       o.Logger,
	}
	own := []Source{vaultKeys{o.Keys}, staticKeys{}, environment{o.Environ}}
	for _, source := range append(own, o.Sources...) {
		b.planner.sources[source.Kind()] = source
	}
	b.cache.sessions = make(map[sessionKey]*session)
	b.ctx, b.stop = context.WithCancel(context.Background())
	b.sweeper = time.AfterFunc(sweepEvery, b.sweep)
	return b
}

// Close ends all work, waits for it, and forgets every session. Requests that
// wait or come later get an error that wraps ErrClosed.
func (b *Broker) Close() {
	b.stop()
	b.sweeper.Stop()
	b.cache.close()
	b.flights.Close()
	b.background.Wait()
}

func (b *Broker) sweep() {
	b.cache.sweep(b.clock.now())
	if b.ctx.Err() == nil {
		b.sweeper.Reset(sweepEvery)
	}
}

// Request asks for the credentials of a profile.
type Request struct {
	Profile, Region string
	// Cached asks for what is in the cache alone: nothing is made, and nobody is
	// asked.
	Cached bool
	// Asker reaches the person behind the request; nil when there is nobody.
	Asker Asker
}

// Result is the answer to a [Request].
type Result struct {
	Credentials
	Chain *config.Chain // that they were made by
}

// Credentials returns temporary credentials of a profile: from the cache if
// they live long enough, else made anew, for which it may ask, and wait as
// long as Options.Deadline. Credentials that still live are returned when they
// cannot be renewed.
//
// An error says which step went wrong and wraps a sentinel of this package
// where there is one, context.DeadlineExceeded when time ran out, or the cause
// of ctx's end.
func (b *Broker) Credentials(ctx context.Context, req Request) (Result, error) {
	chain, err := b.resolve(ctx, req.Profile, req.Region)
	if err != nil {
		return Result{}, err
	}
	p, err := b.planner.plan(ctx, req.Profile, chain)
	if err != nil {
		return Result{}, fmt.Errorf("profile %q: %w", req.Profile, err)
	}
	creds, _, ok := b.cached(p.last())
	switch {
	case ok:
	case req.Cached:
		err = errNotCached
	default:
		creds, err = b.fetch(ctx, p, req.Asker)
	}
	if err != nil {
		return Result{}, fmt.Errorf("profile %q: %w", req.Profile, err)
	}
	return Result{creds, chain}, nil
}

var (
	errPatience  = errors.New("no answer in time")
	errNotCached = errors.New("no session in the cache lives long enough")
)

// fetch makes what is not in the cache, within the broker's patience.
func (b *Broker) fetch(ctx context.Context, p *plan, ask Asker) (Credentials, error) {
	if p.last().first() && p.chain.Source().Life() == config.LongTerm {
		return Credentials{}, fmt.Errorf("%s: %w", p.last().step().At, ErrLongTerm)
	}
	if ask == nil {
		ask = human.Silent{}
	}
	me := newCaller(ask, p.purpose())
	ctx, cancel := context.WithTimeoutCause(ctx, b.patience, errPatience)
	defer cancel()
	got, err := b.get(ctx, p.last(), me)
	switch {
	case err != nil && b.ctx.Err() != nil:
		return Credentials{}, ErrClosed
	case errors.Is(err, errPatience):
		return Credentials{}, fmt.Errorf("no answer within %s while %s: %w", b.patience, me.waited(), context.DeadlineExceeded)
	case ctx.Err() != nil:
		return Credentials{}, fmt.Errorf("given up while %s: %w", me.waited(), err)
	case err != nil:
		return Credentials{}, err
	}
	defer got.release()
	if got.SessionToken == "" {
		return Credentials{}, fmt.Errorf("%s: %w", p.last().step().At, ErrLongTerm)
	}
	return got.Credentials, nil
}

// Sessions lists the live sessions, those that expire first before the others.
func (b *Broker) Sessions() []SessionInfo { return b.cache.list(b.clock.now()) }

// Cached tells of the live session of each step of a chain; the zero
// SessionInfo where there is none.
func (b *Broker) Cached(ctx context.Context, chain *config.Chain) []SessionInfo {
	infos := make([]SessionInfo, len(chain.Steps))
	p, err := b.planner.plan(ctx, chain.Profile, chain)
	if err != nil {
		return infos
	}
	for _, info := range b.Sessions() {
		for i, key := range p.keys {
			if key.String() == info.ID {
				infos[i] = info
			}
		}
	}
	return infos
}

// Forget drops the sessions that match, and those being made now once they are;
// who waits for them still gets them. It returns how many were dropped. Match
// must not call the broker. What AWS refused is asked again after it.
func (b *Broker) Forget(match func(SessionInfo) bool) int {
	b.exchanger.refusals.forget()
	return b.cache.forget(match)
}
