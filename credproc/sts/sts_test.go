package sts_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/awstest"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/sts"
)

// fixture is a stand-in for AWS with one user, and a client of it.
type fixture struct {
	*awstest.Server
	client credproc.STS
	user   *awstest.User
	by     credproc.Credentials
	device awstest.Device

	mu   sync.Mutex
	skew []time.Duration
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{Server: awstest.New(awstest.Options{})}
	peer := httptest.NewServer(f.Server)
	t.Cleanup(peer.Close)
	f.user = f.AddUser("alice")
	key, err := f.user.AddKey()
	if err != nil {
		t.Fatal(err)
	}
	if f.device, err = f.user.AddDevice("phone"); err != nil {
		t.Fatal(err)
	}
	f.by = credproc.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret, ARN: f.user.ARN}
	f.client = dial(t, peer.URL, f.observe)
	return f
}

// dial makes a client of a URL.
func dial(t *testing.T, url string, observe func(time.Duration)) credproc.STS {
	t.Helper()
	var d sts.Dialer
	t.Cleanup(d.Close)
	client, err := d.STS(at(url), observe)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func at(url string) config.Endpoint {
	return config.Endpoint{Region: config.Value{Text: "eu-west-1"}, URL: config.Value{Text: url}}
}

func (f *fixture) observe(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.skew = append(f.skew, d)
}

func (f *fixture) lastSkew(t *testing.T) time.Duration {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.skew) == 0 {
		t.Fatal("no skew was observed")
	}
	return f.skew[len(f.skew)-1]
}

// mfa is the device with a code that no test before has used: at is counted in
// steps from now, and may be -1, 0 or 1.
func (f *fixture) mfa(at int) credproc.MFA {
	return credproc.MFA{Serial: f.device.Serial, Code: f.device.Code(time.Now().Add(time.Duration(at) * 30 * time.Second))}
}

func (f *fixture) role(t *testing.T, trust awstest.Trust) string {
	t.Helper()
	arn, err := f.AddRole(awstest.Role{Name: "path/Admin", Trust: trust, MaxDuration: 2 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return arn
}

func TestSessionThenRoleThenIdentity(t *testing.T) {
	f := newFixture(t)
	role := f.role(t, awstest.Trust{
		Principals: []string{f.user.ARN}, MFA: true, ExternalID: "order:66", TagSession: true, SetSourceIdentity: true,
	})
	session, err := f.client.GetSessionToken(t.Context(), f.by, f.mfa(0), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if session.ARN != f.user.ARN || session.AccountID != awstest.DefaultAccount || session.SessionToken == "" {
		t.Errorf("got a session of %s in account %s", session.ARN, session.AccountID)
	}
	if life := time.Until(session.Expiration); life > time.Hour || life < 59*time.Minute || session.Expiration.Location() != time.UTC {
		t.Errorf("got expiration %v", session.Expiration)
	}
	got, err := f.client.AssumeRole(t.Context(), session, credproc.RoleRequest{
		RoleARN: role, SessionName: "work", ExternalID: "order:66", Duration: 15 * time.Minute,
		Tags: []config.Tag{{Key: "team", Value: "blue green"}, {Key: "cost", Value: ""}}, TransitiveTags: []string{"team"},
		SourceIdentity: "alice", Policy: `{"Version":"2012-10-17","Statement":[]}`, PolicyARNs: []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"},
	}, credproc.MFA{})
	if err != nil {
		t.Fatal(err)
	}
	const wantARN = "arn:aws:sts::123456789012:assumed-role/Admin/work"
	if got.ARN != wantARN || got.AccountID != awstest.DefaultAccount {
		t.Errorf("got role %s in account %s, want %s", got.ARN, got.AccountID, wantARN)
	}
	account, arn, err := f.client.CallerIdentity(t.Context(), got)
	if err != nil || account != awstest.DefaultAccount || arn != wantARN {
		t.Errorf("got identity %s, %s, %v", account, arn, err)
	}
	if d := f.lastSkew(t); d != 0 {
		t.Errorf("got skew %v between two equal clocks", d)
	}
}

func TestAccountComesFromTheKeyWhenNoARNIsKnown(t *testing.T) {
	f := newFixture(t)
	f.by.ARN = ""
	session, err := f.client.GetSessionToken(t.Context(), f.by, credproc.MFA{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if session.ARN != "" || session.AccountID != awstest.DefaultAccount {
		t.Errorf("got ARN %q, account %q", session.ARN, session.AccountID)
	}
	if life := time.Until(session.Expiration).Round(time.Minute); life != 12*time.Hour {
		t.Errorf("got a life of %v, want AWS's default", life)
	}
}

func TestRefusalsAreOfTheirClass(t *testing.T) {
	f := newFixture(t)
	open := f.role(t, awstest.Trust{Principals: []string{f.user.ARN}})
	strict, err := f.AddRole(awstest.Role{Name: "Strict", Trust: awstest.Trust{Principals: []string{f.user.ARN}, MFA: true}})
	if err != nil {
		t.Fatal(err)
	}
	session, err := f.client.GetSessionToken(t.Context(), f.by, credproc.MFA{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	expired, err := f.client.GetSessionToken(t.Context(), f.by, credproc.MFA{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.ExpireSession(expired.AccessKeyID)
	used := f.mfa(0)
	if _, err := f.client.GetSessionToken(t.Context(), f.by, used, 0); err != nil {
		t.Fatal(err)
	}
	wrongSecret := f.by
	wrongSecret.SecretAccessKey = strings.Repeat("x", 40)
	stranger := f.by
	stranger.AccessKeyID = "AKIAQQQQQQQQQQQQQQQQ"

	get := func(by credproc.Credentials, mfa credproc.MFA, d time.Duration) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := f.client.GetSessionToken(ctx, by, mfa, d)
			return err
		}
	}
	assume := func(by credproc.Credentials, role string, d time.Duration) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := f.client.AssumeRole(ctx, by, credproc.RoleRequest{RoleARN: role, SessionName: "tester", Duration: d}, credproc.MFA{})
			return err
		}
	}
	tests := []struct {
		name  string
		call  func(context.Context) error
		class error
		code  string
		says  string
	}{
		{"code used before", get(f.by, used, 0), credproc.ErrCodeRefused, "AccessDenied", "wrong, or was used before"},
		{"code too short", get(f.by, credproc.MFA{Serial: f.device.Serial, Code: "123"}, 0), credproc.ErrCodeRefused, "ValidationError", "6 digits"},
		{"strange device", get(f.by, credproc.MFA{Serial: f.device.Serial + "x", Code: "123456"}, 0), credproc.ErrDeviceRefused, "AccessDenied", "serial number is wrong"},
		{"device that is none", get(f.by, credproc.MFA{Serial: "a serial", Code: "123456"}, 0), credproc.ErrDeviceRefused, "ValidationError", "no serial number"},
		{"half an MFA", get(f.by, credproc.MFA{Serial: f.device.Serial}, 0), credproc.ErrInvalid, "AccessDenied", "both"},
		{"wrong secret", get(wrongSecret, credproc.MFA{}, 0), credproc.ErrKeyRefused, "SignatureDoesNotMatch", "secret is not the one"},
		{"unknown key", get(stranger, credproc.MFA{}, 0), credproc.ErrKeyRefused, "InvalidClientTokenId", "does not know the access key"},
		{"session of a session", get(session, credproc.MFA{}, 0), credproc.ErrDenied, "AccessDenied", "long-term access keys only"},
		{"too long a session", get(f.by, credproc.MFA{}, 37*time.Hour), credproc.ErrTooLong, "ValidationError", "no session of that length"},
		{"expired session", assume(expired, open, 0), credproc.ErrExpired, "ExpiredToken", "have expired"},
		{"no MFA", assume(session, strict, 0), credproc.ErrDenied, "AccessDenied", "denied"},
		{"no such role", assume(session, open+"x", 0), credproc.ErrDenied, "AccessDenied", "denied"},
		{"longer than the role allows", assume(f.by, open, 3*time.Hour), credproc.ErrTooLong, "ValidationError", "role does not allow"},
		{"longer than a chain allows", assume(session, open, 2*time.Hour), credproc.ErrTooLong, "ValidationError", "1 hour"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.call(t.Context())
			var refusal *credproc.RefusalError
			if !errors.Is(err, test.class) || !errors.As(err, &refusal) {
				t.Fatalf("got %v, want a refusal of class %q", err, test.class)
			}
			if refusal.Code != test.code || refusal.RequestID == "" || refusal.Op == "" || refusal.Status == 0 {
				t.Errorf("got %+v, want code %s, the operation, request and status", refusal, test.code)
			}
			if text := err.Error(); !strings.Contains(text, test.says) || strings.Contains(text, "\n") || strings.Contains(text, "'123'") {
				t.Errorf("got %q, want one line that says %q and no code", text, test.says)
			}
		})
	}
}

func TestClockThatIsOffIsToldByHowMuch(t *testing.T) {
	for _, skew := range []time.Duration{time.Hour, -time.Hour} {
		f := newFixture(t)
		f.SetSkew(skew)
		_, err := f.client.GetSessionToken(t.Context(), f.by, f.mfa(0), 0)
		var clock *credproc.ClockError
		if !errors.As(err, &clock) || !errors.Is(err, credproc.ErrClock) {
			t.Fatalf("with AWS %v ahead: got %v, want a clock error", skew, err)
		}
		if off := clock.Ahead + skew; off.Abs() > 5*time.Second {
			t.Errorf("with AWS %v ahead: got %v ahead of it", skew, clock.Ahead)
		}
		var refusal *credproc.RefusalError
		if !errors.As(err, &refusal) || refusal.Code != "SignatureDoesNotMatch" {
			t.Errorf("got %v, want AWS's answer in it", err)
		}
		if off := f.lastSkew(t) - skew; off.Abs() > 5*time.Second {
			t.Errorf("observed skew %v, want about %v", f.lastSkew(t), skew)
		}
	}
}

func TestSmallSkewIsObservedAndForgotten(t *testing.T) {
	f := newFixture(t)
	f.SetSkew(3 * time.Minute)
	if _, _, err := f.client.CallerIdentity(t.Context(), f.by); err != nil {
		t.Fatal(err)
	}
	if off := f.lastSkew(t) - 3*time.Minute; off.Abs() > 5*time.Second {
		t.Errorf("observed skew %v, want about 3m", f.lastSkew(t))
	}
	f.SetSkew(0)
	if _, _, err := f.client.CallerIdentity(t.Context(), f.by); err != nil {
		t.Fatal(err)
	}
	if d := f.lastSkew(t); d != 0 {
		t.Errorf("observed skew %v after the clocks agreed", d)
	}
}

func TestDialerSignsByItsClock(t *testing.T) {
	yesterday := func() time.Time { return time.Now().Add(-24 * time.Hour) }
	server := awstest.New(awstest.Options{Now: yesterday})
	peer := httptest.NewServer(server)
	t.Cleanup(peer.Close)
	key, err := server.AddUser("alice").AddKey()
	if err != nil {
		t.Fatal(err)
	}
	d := sts.Dialer{Now: yesterday}
	t.Cleanup(d.Close)
	client, err := d.STS(at(peer.URL), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := client.CallerIdentity(t.Context(), credproc.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret}); err != nil {
		t.Error(err)
	}
}
