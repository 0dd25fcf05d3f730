package credproc_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
)

// aws is one account's STS.
type aws struct {
	latency time.Duration
	skew    time.Duration // its clock is ahead of ours
	now     func() time.Time
	ours    func() time.Time // the clock of who asks
	// timeless is why it tells no time.
	timeless error
	// says is the end that it tells, if not the true one.
	says *time.Time
	// cut takes something out of what it answers, if not nil.
	cut func(*credproc.Credentials)
	// down is why it does nothing else either.
	down error
	// fault may fail a call before it is handled, or after: then the answer is lost.
	fault func(op string) (before, after error)

	mu     sync.Mutex
	serial int
	proxy  string               // of the agent's environment
	live   map[string]time.Time // sessions by access key id
	codes  map[string]int       // how often each was seen, by serial and code
	calls  map[string]int       // answered well, by operation, and role ARN

	sessionName string          // of the last role
	signer      credproc.Signer // of the last request
}

func newAWS() *aws {
	return &aws{latency: 50 * time.Millisecond, now: time.Now, ours: time.Now, live: map[string]time.Time{}, codes: map[string]int{}, calls: map[string]int{}}
}

// STS implements credproc.Dialer.
func (a *aws) STS(at config.Endpoint, observe func(time.Duration)) (credproc.STS, error) {
	return &endpoint{a, observe, credproc.Route{URL: at.URL.Text, Proxy: a.proxy, CA: at.CABundle.Text}}, nil
}

type endpoint struct {
	*aws
	observe func(time.Duration)
	route   credproc.Route
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
	e.mu.Lock()
	e.sessionName = role.SessionName
	e.mu.Unlock()
	return e.call(ctx, call{op: "AssumeRole", by: by, mfa: mfa, life: role.Duration, role: role.RoleARN})
}

func (e *endpoint) Route() credproc.Route { return e.route }

// told is what a Date header tells.
func (e *endpoint) told() time.Duration { return e.now().Add(e.skew).Sub(e.ours()) }

func (e *endpoint) Time(context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls["Time"]++
	e.observe(e.told())
	return e.timeless
}

func (e *endpoint) CallerIdentity(context.Context, credproc.Credentials) (string, string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.down != nil {
		return "", "", e.down
	}
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
	e.observe(e.told())
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
	e.signer = c.by.Signer
	e.serial++
	e.calls[c.op]++
	e.calls[c.role]++
	id := fmt.Sprintf("ASIA%016d", e.serial)
	end := now.Add(c.life).Truncate(time.Second)
	e.live[id] = end
	if e.says != nil {
		end = *e.says
	}
	made := credproc.Credentials{AccessKeyID: id, SecretAccessKey: "made up", SessionToken: "made up", Expiration: end}
	if e.cut != nil {
		e.cut(&made)
	}
	return made, nil
}

func (e *endpoint) checkCodeLocked(c call, now time.Time) error {
	key := c.mfa.Serial + " " + c.mfa.Code
	e.codes[key]++
	fits := c.mfa.Code == showing(now) || c.mfa.Code == showing(now.Add(-step)) || c.mfa.Code == showing(now.Add(step))
	if e.codes[key] > 1 || !fits {
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
