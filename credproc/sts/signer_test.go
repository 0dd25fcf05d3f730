package sts_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/awstest"
	"github.com/mfad/mfad/credproc/sigv4"
	"github.com/mfad/mfad/credproc/sts"
)

// hsm has a secret and gives signing keys out, or an error.
type hsm struct {
	secret string
	err    error

	mu    sync.Mutex
	days  []string
	given [][]byte
}

func (h *hsm) SigningKey(_ context.Context, day string) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.days = append(h.days, day)
	if h.err != nil {
		return nil, h.err
	}
	key := sigv4.SigningKey([]byte(h.secret), day)
	h.given = append(h.given, key)
	return key, nil
}

func TestSigningKeysSignEveryCall(t *testing.T) {
	f := newFixture(t)
	token := &hsm{secret: f.by.SecretAccessKey}
	f.by.SecretAccessKey, f.by.Signer = "", token
	role := f.role(t, awstest.Trust{Principals: []string{f.user.ARN}, MFA: true, TagSession: true})
	if _, err := f.client.GetSessionToken(t.Context(), f.by, f.mfa(0), time.Hour); err != nil {
		t.Error(err)
	}
	request := credproc.RoleRequest{RoleARN: role, SessionName: "a=b", Policy: `{"Version":"2012-10-17","Statement":[]}`}
	if _, err := f.client.AssumeRole(t.Context(), f.by, request, f.mfa(1)); err != nil {
		t.Error(err)
	}
	if _, _, err := f.client.CallerIdentity(t.Context(), f.by); err != nil {
		t.Error(err)
	}
	if len(token.given) != 3 {
		t.Errorf("%d keys were taken for 3 calls", len(token.given))
	}
	for _, key := range token.given {
		if strings.Trim(string(key), "\x00") != "" {
			t.Error("a key was not wiped")
		}
	}
	if text := fmt.Sprintf("%v %+v %#v", f.by, f.by, []any{f.by}); strings.Contains(text, token.secret) {
		t.Error("the credentials print what signs")
	}
}

func TestDayIsThatOfTheClockThatSigns(t *testing.T) {
	now := time.Date(2026, 11, 21, 23, 59, 59, 0, time.FixedZone("west", -3600)) // the 22nd in UTC
	clock := func() time.Time { return now }
	server := awstest.New(awstest.Options{Now: clock})
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	key, err := server.AddUser("alice").AddKey()
	if err != nil {
		t.Fatal(err)
	}
	d := sts.Dialer{Now: clock}
	t.Cleanup(d.Close)
	client, err := d.STS(at(web.URL), nil)
	if err != nil {
		t.Fatal(err)
	}
	token := &hsm{secret: key.Secret}
	if _, _, err := client.CallerIdentity(t.Context(), credproc.Credentials{AccessKeyID: key.ID, Signer: token}); err != nil {
		t.Error(err)
	}
	if len(token.days) != 1 || token.days[0] != "20261122" {
		t.Errorf("asked for %q", token.days)
	}
}

func TestRequestThatTheTokenDoesNotSignNeverLeaves(t *testing.T) {
	f := newFixture(t)
	gone := errors.New("token was removed")
	token := &hsm{err: gone}
	f.by.SecretAccessKey, f.by.Signer = "", token
	_, _, err := f.client.CallerIdentity(t.Context(), f.by)
	for _, class := range []error{gone, credproc.ErrUnsigned, credproc.ErrUnsent} {
		if !errors.Is(err, class) {
			t.Errorf("got %v, which is not %v", err, class)
		}
	}
	if n := len(f.Journal()); n != 0 || len(token.days) != 1 {
		t.Errorf("%d requests left, and the token was asked %d times", n, len(token.days))
	}
	if text := err.Error(); strings.Contains(text, "operation error") || strings.Contains(text, "\n") {
		t.Errorf("got %q", text)
	}
}
