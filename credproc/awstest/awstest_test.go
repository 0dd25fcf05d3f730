package awstest_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"github.com/mfad/mfad/credproc/awstest"
)

// clock is a time that only the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Now().Truncate(time.Second)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is a server with one user who has a key and a device.
type world struct {
	*awstest.Server
	*clock
	url    string
	user   *awstest.User
	key    awstest.Key
	device awstest.Device
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{clock: newClock()}
	w.Server = awstest.New(awstest.Options{Now: w.Now})
	peer := httptest.NewServer(w.Server)
	t.Cleanup(peer.Close)
	w.url = peer.URL
	w.user = w.AddUser("division/alice")
	var err error
	if w.key, err = w.user.AddKey(); err != nil {
		t.Fatal(err)
	}
	if w.device, err = w.user.AddDevice("alice-phone"); err != nil {
		t.Fatal(err)
	}
	return w
}

// role makes a role, or fails the test.
func (w *world) role(t *testing.T, r awstest.Role) string {
	t.Helper()
	arn, err := w.AddRole(r)
	if err != nil {
		t.Fatal(err)
	}
	return arn
}

// client is the Go SDK with the user's key, changed by the options.
func (w *world) client(options ...func(*sts.Options)) *sts.Client {
	return w.clientOf(w.key.ID, w.key.Secret, "", options...)
}

func (w *world) clientOf(id, secret, token string, options ...func(*sts.Options)) *sts.Client {
	return sts.New(sts.Options{
		Region: "eu-central-1", BaseEndpoint: &w.url, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(id, secret, token),
	}, options...)
}

// session is the Go SDK with temporary credentials.
func (w *world) session(c *types.Credentials) *sts.Client {
	return w.clientOf(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
}

// mfaSession gets a session with the device's code of now.
func (w *world) mfaSession(t *testing.T) *types.Credentials {
	t.Helper()
	out, err := w.client().GetSessionToken(t.Context(), &sts.GetSessionTokenInput{
		SerialNumber: &w.device.Serial, TokenCode: aws.String(w.device.Code(w.Now())),
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Credentials
}

// wantRefusal fails the test unless err is an answer with the code and message.
func wantRefusal(t *testing.T, err error, code, message string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Fatalf("got error %v, want a refusal with code %s", err, code)
	}
	if api.ErrorCode() != code || api.ErrorMessage() != message {
		t.Errorf("got %s: %q\nwant %s: %q", api.ErrorCode(), api.ErrorMessage(), code, message)
	}
}

func TestSessionWithMFAAssumesARoleThatWantsIt(t *testing.T) {
	w := newWorld(t)
	first := w.role(t, awstest.Role{Name: "team/ReadOnly", Trust: awstest.Trust{Principals: []string{w.user.ARN}, MFA: true}})
	second := w.role(t, awstest.Role{Name: "Second", Trust: awstest.Trust{Principals: []string{first}}})
	session := w.mfaSession(t)

	one := assume(t, w.session(session), first)
	if got, want := *one.AssumedRoleUser.Arn, "arn:aws:sts::123456789012:assumed-role/ReadOnly/tester"; got != want {
		t.Errorf("got ARN %s, want %s", got, want)
	}
	two := assume(t, w.session(one.Credentials), second)
	if got, want := two.Credentials.Expiration.Sub(w.Now()), time.Hour; got != want {
		t.Errorf("got a life of %v, want %v", got, want)
	}
	who, err := w.session(two.Credentials).GetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := *who.Arn, "arn:aws:sts::123456789012:assumed-role/Second/tester"; got != want {
		t.Errorf("got ARN %s, want %s", got, want)
	}
	for action, want := range map[string]int{"GetSessionToken": 1, "AssumeRole": 2, "GetCallerIdentity": 1} {
		if got := w.Count(action); got != want {
			t.Errorf("got %d requests of %s, want %d", got, action, want)
		}
	}
	if last := w.Journal()[3]; last.Verdict != awstest.OK || last.KeyID != *two.Credentials.AccessKeyId || last.Region != "eu-central-1" {
		t.Errorf("got last entry %+v", last)
	}
}

// assume assumes a role and fails the test if it is refused.
func assume(t *testing.T, by *sts.Client, role string) *sts.AssumeRoleOutput {
	t.Helper()
	out, err := tryAssume(t.Context(), by, role)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func tryAssume(ctx context.Context, by *sts.Client, role string, change ...func(*sts.AssumeRoleInput)) (*sts.AssumeRoleOutput, error) {
	in := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("tester")}
	for _, f := range change {
		f(in)
	}
	return by.AssumeRole(ctx, in)
}
