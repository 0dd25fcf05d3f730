package credproc_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/command"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/internal/human"
)

// The doubles of this package's tests: an AWS that is as strict about codes,
// sessions and durations as the real one is said to be, a phone, and people.

const (
	step    = 30 * time.Second
	account = "123456789012"
	phone   = "arn:aws:iam::123456789012:mfa/phone"
)

// showing is what a device shows at a time: its step, so that no two are alike.
func showing(at time.Time) string { return fmt.Sprintf("%06d", at.Unix()/30%1_000_000) }

// person sits at a terminal, with the phone at hand.
type person struct {
	takes time.Duration // to answer
	no    error         // what they do instead of answering
	types func(ctx context.Context, asked int) string

	asked, open, withdrawn atomic.Int32
	last                   atomic.Pointer[human.Question]
	again                  atomic.Pointer[string]
	notices                atomic.Int32
}

func (p *person) wait(ctx context.Context) error {
	p.asked.Add(1)
	p.open.Add(1)
	defer p.open.Add(-1)
	select {
	case <-time.After(p.takes):
		return p.no
	case <-ctx.Done():
		p.withdrawn.Add(1)
		return ctx.Err()
	}
}

func (p *person) Ask(ctx context.Context, q human.Question) (human.Answer, error) {
	if q.Kind == human.Code {
		p.last.Store(&q)
		p.again.Store(&q.Again)
	}
	if err := p.wait(ctx); err != nil {
		return human.Answer{}, err
	}
	switch {
	case q.Kind == human.Secret:
		return human.Answer{Text: []byte("secret")}, nil
	case q.Kind == human.Confirm:
		return human.Answer{Yes: true}, nil
	case p.types != nil:
		return human.Answer{Text: []byte(p.types(ctx, int(p.asked.Load())))}, ctx.Err()
	}
	return human.Answer{Text: []byte(showing(time.Now()))}, nil
}

func (p *person) Reach() human.Reach { return human.Somebody }

func (p *person) Act(context.Context, string) func() { return func() {} }
func (p *person) Notice(context.Context, string)     { p.notices.Add(1) }

// trust trusts every endpoint, or none.
type trust struct{ err error }

func (t trust) Route(context.Context, string, credproc.Route, credproc.Asker) error { return t.err }

// house is a broker with all its doubles.
type house struct {
	*credproc.Broker
	aws       *aws
	vault     *vault
	profiles  map[string]*config.Chain
	suspended atomic.Int64 // time that only the boot-time clock counted
	jumped    atomic.Int64 // how far the wall clock was set
}

func newHouse(t *testing.T, change ...func(*credproc.Options)) *house {
	h := &house{aws: newAWS(), vault: newVault(), profiles: map[string]*config.Chain{}}
	start := time.Now()
	now := func() time.Time {
		return time.Now().Add(time.Duration(h.jumped.Load()))
	}
	h.aws.ours = now
	h.aws.now = func() time.Time { return time.Now().Add(time.Duration(h.suspended.Load())) }
	o := credproc.Options{
		Resolve: func(_ context.Context, profile, _ string) (*config.Chain, error) {
			if chain := h.profiles[profile]; chain != nil {
				return chain, nil
			}
			return nil, fmt.Errorf("no profile %q", profile)
		},
		Keys: h.vault, Codes: h.vault, Trust: trust{}, Dialer: h.aws,
		SessionName: "ada", Now: now,
		Sources: []credproc.Source{command.New(now)},
		Boot:    func() time.Duration { return time.Since(start) + time.Duration(h.suspended.Load()) },
	}
	for _, f := range change {
		f(&o)
	}
	h.Broker = credproc.New(o)
	t.Cleanup(func() {
		h.Close()
		if n := h.vault.open.Load(); n != 0 {
			t.Errorf("%d access keys were not closed", n)
		}
	})
	return h
}

// suspend lets the machine sleep: no timer and no monotonic clock notices.
func (h *house) suspend(d time.Duration) {
	h.suspended.Add(int64(d))
	h.jumped.Add(int64(d))
}

// session adds a profile that is an MFA session of a key.
func (h *house) session(profile, key, serial string) {
	h.profiles[profile] = &config.Chain{Profile: profile, Steps: []config.Step{source(key), mfaSession(serial)}}
}

// role adds a profile that is a role, by way of an MFA session of a key.
func (h *house) role(profile, key, serial string, duration int32) {
	h.profiles[profile] = &config.Chain{Profile: profile, Steps: []config.Step{
		source(key), mfaSession(serial), roleOf(profile, func(r *config.Role) {
			r.Duration.Seconds = duration
		}),
	}}
}

func roleARN(name string) string { return "arn:aws:iam::210987654321:role/" + name }

func source(key string) config.Step { return config.Step{Spec: config.VaultKey{Name: value(key)}} }

func mfaSession(serial string) config.Step {
	return config.Step{Spec: &config.Session{Exchange: config.Exchange{Serial: value(serial), Endpoint: ireland}}}
}

// ireland is where STS is asked.
var ireland = config.Endpoint{Region: config.Value{Text: "eu-west-1"}}

func value(text string) config.Value { return config.Value{Text: text} }

// get asks for a profile's credentials.
func (h *house) get(t *testing.T, profile string, ask credproc.Asker) (credproc.Result, error) {
	t.Helper()
	return h.Credentials(t.Context(), credproc.Request{Profile: profile, Asker: ask})
}

// must is get for those who have no doubt.
func (h *house) must(t *testing.T, profile string, ask credproc.Asker) credproc.Result {
	t.Helper()
	got, err := h.get(t, profile, ask)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (h *house) count(t *testing.T, what string, want int) {
	t.Helper()
	if got := h.aws.count(what); got != want {
		t.Errorf("AWS granted %d times %s, want %d", got, what, want)
	}
}

func (h *house) codes(t *testing.T, want int) {
	t.Helper()
	got, twice := h.aws.seen()
	if got != want || twice {
		t.Errorf("AWS saw %d codes (one of them twice: %t), want %d", got, twice, want)
	}
}
