package credproc_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
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

// aws is one account's STS.
type aws struct {
	latency time.Duration
	skew    time.Duration // its clock is ahead of ours
	now     func() time.Time
	// fault may fail a call before it is handled, or after: then the answer is lost.
	fault func(op string) (before, after error)

	mu      sync.Mutex
	serial  int
	live    map[string]time.Time // sessions by access key id
	codes   map[string]int       // how often each was seen, by serial and code
	calls   map[string]int       // answered well, by operation, and role ARN
	refused int                  // codes
}

func newAWS() *aws {
	return &aws{latency: 50 * time.Millisecond, now: time.Now, live: map[string]time.Time{}, codes: map[string]int{}, calls: map[string]int{}}
}

// STS implements credproc.Dialer.
func (a *aws) STS(_ config.Endpoint, observe func(time.Duration)) (credproc.STS, error) {
	return &endpoint{a, observe}, nil
}

type endpoint struct {
	*aws
	observe func(time.Duration)
}

func (e *endpoint) GetSessionToken(ctx context.Context, by credproc.Credentials, mfa credproc.MFA, d time.Duration) (credproc.Credentials, error) {
	if d == 0 {
		d = 12 * time.Hour
	}
	return e.call(ctx, call{op: "GetSessionToken", by: by, mfa: mfa, life: d})
}

func (e *endpoint) AssumeRole(ctx context.Context, by credproc.Credentials, role credproc.RoleRequest, mfa credproc.MFA) (credproc.Credentials, error) {
	if role.Duration == 0 {
		role.Duration = time.Hour
	}
	return e.call(ctx, call{op: "AssumeRole", by: by, mfa: mfa, life: role.Duration, role: role.RoleARN})
}

func (e *endpoint) CallerIdentity(context.Context, credproc.Credentials) (string, string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls["GetCallerIdentity"]++
	return account, "arn:aws:iam::" + account + ":user/ada", nil
}

type call struct {
	op   string
	by   credproc.Credentials
	mfa  credproc.MFA
	life time.Duration
	role string
}

func (e *endpoint) call(ctx context.Context, c call) (credproc.Credentials, error) {
	var before, after error
	if e.fault != nil {
		before, after = e.fault(c.op)
	}
	if errors.Is(before, credproc.ErrUnsent) {
		return credproc.Credentials{}, before
	}
	creds, err := e.handle(c, before)
	select {
	case <-time.After(e.latency):
	case <-ctx.Done():
		return credproc.Credentials{}, ctx.Err()
	}
	if after != nil {
		return credproc.Credentials{}, after
	}
	e.observe(e.skew)
	return creds, err
}

func (e *endpoint) handle(c call, fault error) (credproc.Credentials, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.now().Add(e.skew)
	if c.mfa.Code != "" {
		if err := e.checkCodeLocked(c, now); err != nil {
			return credproc.Credentials{}, err
		}
	}
	if fault != nil {
		return credproc.Credentials{}, fault
	}
	if c.by.SessionToken != "" {
		if end, known := e.live[c.by.AccessKeyID]; !known || !end.After(now) {
			return credproc.Credentials{}, refusal(c.op, "ExpiredToken", credproc.ErrExpired)
		}
	}
	e.serial++
	e.calls[c.op]++
	e.calls[c.role]++
	id := fmt.Sprintf("ASIA%016d", e.serial)
	end := now.Add(c.life).Truncate(time.Second)
	e.live[id] = end
	return credproc.Credentials{AccessKeyID: id, SecretAccessKey: "made up", SessionToken: "made up", Expiration: end}, nil
}

func (e *endpoint) checkCodeLocked(c call, now time.Time) error {
	key := c.mfa.Serial + " " + c.mfa.Code
	e.codes[key]++
	fits := c.mfa.Code == showing(now) || c.mfa.Code == showing(now.Add(-step)) || c.mfa.Code == showing(now.Add(step))
	if e.codes[key] > 1 || !fits {
		e.refused++
		return refusal(c.op, "AccessDenied", credproc.ErrCodeRefused)
	}
	return nil
}

func refusal(op, code string, class error) error {
	return &credproc.RefusalError{Op: op, Code: code, Message: "no", RequestID: "1", Status: 403, Class: class}
}

// count is how often an operation or a role was granted.
func (a *aws) count(what string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.calls[what]
}

// seen is how many codes AWS was sent, and whether one came twice.
func (a *aws) seen() (codes int, twice bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, times := range a.codes {
		codes += times
		twice = twice || times > 1
	}
	return codes, twice
}

func (a *aws) revoke(accessKeyID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.live, accessKeyID)
}

// vault keeps access keys and the seeds of devices, with a ledger of used
// steps; a device without a seed is asked for.
type vault struct {
	seeded bool
	locked atomic.Bool
	now    func() time.Time

	mu       sync.Mutex
	skew     time.Duration
	skewed   []time.Duration
	used     map[string]int64 // the last step by device
	released int
}

func newVault() *vault { return &vault{seeded: true, now: time.Now, used: map[string]int64{}} }

func (v *vault) KeyID(name string) (string, error) {
	if name == "" {
		return "", credproc.ErrNoKey
	}
	return "AKIA" + name, nil
}

func (v *vault) AccessKey(ctx context.Context, name string, ask credproc.Asker) (credproc.AccessKey, error) {
	if v.locked.Load() {
		if _, err := ask.Secret(ctx, "passphrase", ""); err != nil {
			return credproc.AccessKey{}, err
		}
		v.locked.Store(false)
	}
	return credproc.AccessKey{ID: "AKIA" + name, Secret: []byte("long-term")}, nil
}

func (v *vault) Skew(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.skew = d
	v.skewed = append(v.skewed, d)
}

func (v *vault) Code(ctx context.Context, why credproc.Purpose, again string, ask credproc.Asker) (credproc.Code, error) {
	if !v.seeded {
		digits, err := ask.Code(ctx, why, again)
		return credproc.Code{Digits: digits, Typed: true, Sent: func() {}, Unsent: func() {}}, err
	}
	for {
		at, wait := v.take(why.Serial)
		if wait == 0 {
			var once sync.Once
			back := func() { once.Do(func() { v.giveBack(why.Serial, at.Unix()/30) }) }
			return credproc.Code{Digits: showing(at), Sent: func() { once.Do(func() {}) }, Unsent: back}, nil
		}
		ask.Notice(ctx, fmt.Sprintf("waiting %s for the next code of the phone", wait.Round(time.Second)))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return credproc.Code{}, ctx.Err()
		}
	}
}

// take releases the step of now, or says how long the next one is away.
func (v *vault) take(serial string) (at time.Time, wait time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	at = v.now().Add(v.skew)
	if at.Unix()/30 <= v.used[serial] {
		return at, at.Truncate(step).Add(step).Sub(at)
	}
	v.used[serial] = at.Unix() / 30
	v.released++
	return at, 0
}

func (v *vault) giveBack(serial string, used int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.used[serial] == used {
		v.used[serial]--
	}
	v.released--
}

// person sits at a terminal, with the phone at hand.
type person struct {
	takes time.Duration // to answer
	no    error         // what they do instead of answering
	types func(asked int) string

	asked, open, withdrawn atomic.Int32
	last                   atomic.Pointer[credproc.Purpose]
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

func (p *person) Code(ctx context.Context, why credproc.Purpose, again string) (string, error) {
	p.last.Store(&why)
	p.again.Store(&again)
	err := p.wait(ctx)
	if p.types != nil {
		return p.types(int(p.asked.Load())), err
	}
	return showing(time.Now()), err
}

func (p *person) Secret(ctx context.Context, _, _ string) ([]byte, error) {
	return []byte("secret"), p.wait(ctx)
}
func (p *person) Confirm(ctx context.Context, _ string) (bool, error) { return true, p.wait(ctx) }
func (p *person) Notice(context.Context, string)                      { p.notices.Add(1) }

// trustAll trusts every endpoint, or none.
type trust struct{ err error }

func (t trust) Endpoint(context.Context, string, string, credproc.Asker) error { return t.err }

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
	o := credproc.Options{
		Resolve: func(profile, _ string) (*config.Chain, error) {
			if chain := h.profiles[profile]; chain != nil {
				return chain, nil
			}
			return nil, fmt.Errorf("no profile %q", profile)
		},
		Keys: h.vault, Codes: h.vault, Trust: trust{}, Dialer: h.aws,
		SessionName: "ada", Now: now,
		Boot: func() time.Duration { return time.Since(start) + time.Duration(h.suspended.Load()) },
	}
	for _, f := range change {
		f(&o)
	}
	h.Broker = credproc.New(o)
	t.Cleanup(h.Close)
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
		source(key), mfaSession(serial), {
			Kind: config.Role, Profile: profile, RoleARN: value(roleARN(profile)),
			Duration: config.Duration{Seconds: duration}, Endpoint: config.Endpoint{Region: value("eu-west-1")},
		},
	}}
}

func roleARN(name string) string { return "arn:aws:iam::210987654321:role/" + name }

func source(key string) config.Step { return config.Step{Kind: config.VaultKey, Key: value(key)} }

func mfaSession(serial string) config.Step {
	return config.Step{Kind: config.Session, Serial: value(serial), Endpoint: config.Endpoint{Region: value("eu-west-1")}}
}

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
