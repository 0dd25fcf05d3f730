package sts_test

import (
	"bufio"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/awstest"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/sts"
)

func TestRequestWithACodeIsSentOnce(t *testing.T) {
	for _, fault := range []awstest.Fault{awstest.Throttle, awstest.Unavailable, awstest.InternalFailure, awstest.DropBefore, awstest.DropAfter} {
		t.Run(string(fault), func(t *testing.T) {
			f := newFixture(t)
			f.Inject(fault)
			_, err := f.client.GetSessionToken(t.Context(), f.by, f.mfa(0), 0)
			want := credproc.ErrUnavailable
			if fault == awstest.Throttle {
				want = credproc.ErrThrottled
			}
			if !errors.Is(err, want) || errors.Is(err, credproc.ErrUnsent) {
				t.Errorf("got %v, want %q and not %q", err, want, credproc.ErrUnsent)
			}
			if n := len(f.Journal()); n != 1 {
				t.Errorf("got %d requests, want 1", n)
			}
		})
	}
}

func TestRequestWithoutACodeIsTriedAgain(t *testing.T) {
	t.Parallel() // it waits for the pauses between attempts
	f := newFixture(t)
	f.Inject(awstest.Throttle, awstest.Unavailable, awstest.DropAfter)
	if _, err := f.client.GetSessionToken(t.Context(), f.by, credproc.MFA{}, 0); err != nil {
		t.Errorf("got %v after three faults, want a session", err)
	}
	if n := len(f.Journal()); n != 4 {
		t.Errorf("got %d requests, want 4", n)
	}
}

func TestThrottlingThatDoesNotEndIsTold(t *testing.T) {
	t.Parallel() // it waits for the pauses between attempts
	f := newFixture(t)
	f.Inject(awstest.Throttle, awstest.Throttle, awstest.Throttle, awstest.Throttle, awstest.Throttle)
	if _, _, err := f.client.CallerIdentity(t.Context(), f.by); !errors.Is(err, credproc.ErrThrottled) {
		t.Errorf("got %v, want %q", err, credproc.ErrThrottled)
	}
	if n := len(f.Journal()); n != 4 {
		t.Errorf("got %d requests, want 4", n)
	}
}

// closedPort is an address of loopback where nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func TestUnreachedIsProvenUnsent(t *testing.T) {
	f := newFixture(t)
	untrusted := httptest.NewUnstartedServer(f.Server)
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that fail are the test
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	for name, url := range map[string]string{"nothing listens": "http://" + closedPort(t), "certificate": untrusted.URL} {
		t.Run(name, func(t *testing.T) {
			_, err := dial(t, url, nil).GetSessionToken(t.Context(), f.by, f.mfa(0), 0)
			if !errors.Is(err, credproc.ErrUnsent) || !errors.Is(err, credproc.ErrUnavailable) {
				t.Errorf("got %v, want unsent and unavailable", err)
			}
			if !strings.Contains(err.Error(), url) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %q, want one line that names %s", err, url)
			}
		})
	}
	if n := len(f.Journal()); n != 0 {
		t.Errorf("got %d requests, want none", n)
	}
}

func TestCancelledCallTellsWhetherItWasSent(t *testing.T) {
	f := newFixture(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := f.client.GetSessionToken(gone, f.by, f.mfa(0), 0)
	if !errors.Is(err, context.Canceled) || !errors.Is(err, credproc.ErrUnsent) {
		t.Errorf("before it began: got %v, want cancelled and unsent", err)
	}

	release := f.Hold()
	defer release()
	waiting, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		if err := f.Await(t.Context(), 1); err != nil {
			t.Error(err)
		}
	}()
	_, err = f.client.GetSessionToken(waiting, f.by, f.mfa(0), 0)
	if !errors.Is(err, context.Canceled) || errors.Is(err, credproc.ErrUnsent) {
		t.Errorf("while AWS thought: got %v, want cancelled and not unsent", err)
	}
}

// What does not speak as AWS does will not a moment later.
func TestOtherProgramsAreTold(t *testing.T) {
	f := newFixture(t)
	plain := httptest.NewServer(f.Server)
	t.Cleanup(plain.Close)
	mail, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mail.Close() })
	go func() {
		for {
			c, err := mail.Accept()
			if err != nil {
				return
			}
			// A greeting that comes before the request ends the connection under it.
			if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				_, _ = io.Copy(io.Discard, r.Body)
			}
			_, _ = io.WriteString(c, "220 mail.example ESMTP\r\n")
			_ = c.Close()
		}
	}()
	for name, url := range map[string]string{
		"HTTP behind https": "https://" + strings.TrimPrefix(plain.URL, "http://"),
		"a mail server":     "http://" + mail.Addr().String(),
	} {
		_, err := dial(t, url, nil).GetSessionToken(t.Context(), f.by, f.mfa(0), 0)
		if !errors.Is(err, credproc.ErrNoService) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	var reached atomic.Int32
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(trap.Close)
	peer := httptest.NewServer(http.RedirectHandler(trap.URL, http.StatusTemporaryRedirect))
	t.Cleanup(peer.Close)
	f := newFixture(t)
	_, err := dial(t, peer.URL, nil).GetSessionToken(t.Context(), f.by, f.mfa(0), 0)
	if !errors.Is(err, credproc.ErrNoService) {
		t.Errorf("got %v, want %q", err, credproc.ErrNoService)
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("the redirect was followed %d times", n)
	}
}

func TestAnswersThatAreNotOfSTSAreRefused(t *testing.T) {
	const secret = "IQoJsecret"
	answers := map[string]struct {
		status int
		body   string
		class  error
	}{
		"a page":     {http.StatusOK, "<html><body>Log in to the WLAN</body></html>", credproc.ErrNoService},
		"nothing":    {http.StatusOK, "", credproc.ErrNoService},
		"not XML":    {http.StatusOK, "{}", credproc.ErrNoService},
		"a gateway":  {http.StatusBadGateway, "<html>Bad gateway</html>", credproc.ErrUnavailable},
		"no page":    {http.StatusNotFound, "not here", credproc.ErrNoService},
		"a web page": {http.StatusForbidden, "<html><head/><body>Forbidden</body></html>", credproc.ErrNoService},
		"a nest": {http.StatusForbidden, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Errors><Error><Code>AccessDenied</Code>` +
			`<Message>User is not authorized to perform: sts:AssumeRole</Message></Error></Errors><RequestID>r</RequestID></ErrorResponse>`, credproc.ErrDenied},
		"S3's error": {http.StatusForbidden, `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<Error><Code>SignatureDoesNotMatch</Code>` +
			`<Message>The signature does not match.</Message><Resource>/</Resource></Error>`, credproc.ErrKeyRefused},
		"a flood":    {http.StatusOK, "<GetSessionTokenResponse>" + strings.Repeat("<a/>", 1<<19), credproc.ErrNoService},
		"half a set": {http.StatusOK, "<GetSessionTokenResponse><GetSessionTokenResult><Credentials><AccessKeyId>ASIA</AccessKeyId></Credentials></GetSessionTokenResult></GetSessionTokenResponse>", credproc.ErrNoService},
		"escapes": {http.StatusForbidden, "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>The request signature &#9;\u009b31m does not match.\n\nThe Canonical String for this request should have been\n'POST\nx-amz-security-token:" +
			secret + "'</Message></Error></ErrorResponse>", credproc.ErrKeyRefused},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(answer.status)
				_, _ = w.Write([]byte(answer.body))
			}))
			t.Cleanup(peer.Close)
			f := newFixture(t)
			_, err := dial(t, peer.URL, nil).GetSessionToken(t.Context(), f.by, f.mfa(0), 0)
			if !errors.Is(err, answer.class) || errors.Is(err, credproc.ErrUnsent) {
				t.Fatalf("got %v, want %q", err, answer.class)
			}
			if text := err.Error(); strings.ContainsAny(text, "\n\t\u009b") || strings.Contains(text, "(request )") || strings.Contains(text, secret) || len(text) > 2000 {
				t.Errorf("got %q, want one clean line", text)
			}
		})
	}
}

// refusing answers every call with one error of the query protocol.
func refusing(t *testing.T, status int, code, message string) string {
	t.Helper()
	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>r</RequestId></ErrorResponse>", code, message)
	}))
	t.Cleanup(peer.Close)
	return peer.URL
}

func TestRefusalsThatTheStandInDoesNotSpeakAreOfTheirClass(t *testing.T) {
	for _, c := range []struct {
		status        int
		code, message string
		class         error
		says          string
	}{
		{400, "ThrottlingException", "Rate exceeded", credproc.ErrThrottled, "slow down"},
		{400, "RequestThrottled", "Rate exceeded", credproc.ErrThrottled, "slow down"},
		{400, "TooManyRequestsException", "", credproc.ErrThrottled, "slow down"},
		{503, "SlowDown", "Please reduce your request rate.", credproc.ErrThrottled, "slow down"},
		{429, "Unheard", "", credproc.ErrThrottled, "slow down"},
		{400, "RequestExpired", "Request has expired.", credproc.ErrClock, "clock"},
		{403, "RequestInTheFuture", "", credproc.ErrClock, "clock"},
		{403, "ExpiredToken", "The security token included in the request is expired", credproc.ErrExpired, "expired"},
		{403, "AccessDenied", "User: arn:aws:iam::123456789012:user/a is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/r with an explicit deny in a service control policy", credproc.ErrDenied, "service control policy"},
		{403, "AccessDenied", "Roles may not be assumed by root accounts.", credproc.ErrDenied, "root"},
		{403, "RegionDisabledException", "STS is not activated in this region for account:123456789012. Your account administrator can activate STS in this region using the IAM Console.", credproc.ErrInvalid, "not activated"},
		{403, "OptInRequired", "The AWS Access Key Id needs a subscription for the service", credproc.ErrDenied, "not signed up"},
		{400, "PackedPolicyTooLarge", "Packed size of session tags consumes 112% of allotted space.", credproc.ErrInvalid, "112%"},
		{400, "MalformedPolicyDocument", "The policy is not in the valid JSON format.", credproc.ErrInvalid, "JSON"},
		{400, "InvalidParameterValue", "Duplicate tag keys found.", credproc.ErrInvalid, "Duplicate"},
		{400, "ValidationError", "1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint", credproc.ErrTooLong, "length"},
		{500, "InternalFailure", "", credproc.ErrUnavailable, "failed on its side"},
		{503, "ServiceUnavailable", "", credproc.ErrUnavailable, "failed on its side"},
	} {
		t.Run(c.code, func(t *testing.T) {
			f := newFixture(t)
			_, err := dial(t, refusing(t, c.status, c.code, c.message), nil).GetSessionToken(t.Context(), f.by, f.mfa(0), 0)
			if !errors.Is(err, c.class) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want %q that says %q", err, c.class, c.says)
			}
		})
	}
}

// A key of one partition, or a session in a region that the account has not
// enabled, is unknown there: the place is a part of what is wrong.
func TestUnknownKeyIsToldWithThePlace(t *testing.T) {
	f := newFixture(t)
	_, err := dial(t, refusing(t, 403, "InvalidClientTokenId", "The security token included in the request is invalid."), nil).
		GetSessionToken(t.Context(), f.by, f.mfa(0), 0)
	if !errors.Is(err, credproc.ErrKeyRefused) || !strings.Contains(err.Error(), "does not know the access key at http://127.0.0.1:") {
		t.Errorf("got %v", err)
	}
}

func TestCABundleReplacesTheRoots(t *testing.T) {
	f := newFixture(t)
	peer := httptest.NewTLSServer(f.Server)
	t.Cleanup(peer.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: peer.Certificate().Raw})
	if err := os.WriteFile(file, bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	var d sts.Dialer
	t.Cleanup(d.Close)
	place := at(peer.URL)
	place.CABundle.Text = file
	client, err := d.STS(place, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := client.CallerIdentity(t.Context(), f.by); err != nil {
		t.Error(err)
	}

	for name, content := range map[string]string{"empty": "", "no certificate": "hello"} {
		bad := filepath.Join(t.TempDir(), "bad.pem")
		if err := os.WriteFile(bad, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		place.CABundle.Text = bad
		if _, err := d.STS(place, nil); !errors.Is(err, credproc.ErrInvalid) || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: got %v, want %q that names the file", name, err, credproc.ErrInvalid)
		}
	}
	place.CABundle.Text = filepath.Join(t.TempDir(), "none.pem")
	if _, err := d.STS(place, nil); !errors.Is(err, os.ErrNotExist) || !errors.Is(err, credproc.ErrInvalid) {
		t.Errorf("got %v, want that there is no such file", err)
	}
}

func TestEndpointThatIsNoURLIsRefused(t *testing.T) {
	var d sts.Dialer
	for _, url := range []string{"sts.example.org", "ftp://sts.example.org", "http://", "http://[::1"} {
		if _, err := d.STS(at(url), nil); !errors.Is(err, credproc.ErrInvalid) {
			t.Errorf("%q: got %v, want %q", url, err, credproc.ErrInvalid)
		}
	}
}

// TestEndpointsAreAWSsOwn takes the place of AWS through the proxy that the
// environment names, and reads where the client wants to go.
func TestEndpointsAreAWSsOwn(t *testing.T) {
	tests := []struct {
		at   config.Endpoint
		want string
	}{
		{config.Endpoint{Region: config.Value{Text: "eu-central-1"}}, "sts.eu-central-1.amazonaws.com"},
		{config.Endpoint{Region: config.Value{Text: "us-east-1"}}, "sts.us-east-1.amazonaws.com"},
		{config.Endpoint{Region: config.Value{Text: "aws-global"}}, "sts.amazonaws.com"},
		{config.Endpoint{Region: config.Value{Text: "us-east-1"}, FIPS: true}, "sts-fips.us-east-1.amazonaws.com"},
		{config.Endpoint{Region: config.Value{Text: "eu-west-1"}, DualStack: true}, "sts.eu-west-1.api.aws"},
		{config.Endpoint{Region: config.Value{Text: "us-west-2"}, FIPS: true, DualStack: true}, "sts-fips.us-west-2.api.aws"},
		{config.Endpoint{Region: config.Value{Text: "cn-north-1"}}, "sts.cn-north-1.amazonaws.com.cn"},
		{config.Endpoint{Region: config.Value{Text: "us-gov-west-1"}}, "sts.us-gov-west-1.amazonaws.com"},
	}
	for _, test := range tests {
		t.Run(test.want, func(t *testing.T) {
			if got := dialled(t, test.at); got != test.want+":443" {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestRequestThatCannotBeMadeIsUnsent(t *testing.T) {
	f := newFixture(t)
	var d sts.Dialer
	t.Cleanup(d.Close)
	nowhere, err := d.STS(config.Endpoint{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, noName := f.client.AssumeRole(t.Context(), f.by, credproc.RoleRequest{RoleARN: "arn:aws:iam::123456789012:role/R"}, f.mfa(0))
	_, noRegion := nowhere.GetSessionToken(t.Context(), f.by, f.mfa(0), 0)
	_, noKey := f.client.GetSessionToken(t.Context(), credproc.Credentials{}, f.mfa(0), 0)
	for name, err := range map[string]error{"no session name": noName, "no region": noRegion, "no key": noKey} {
		if !errors.Is(err, credproc.ErrUnsent) || !errors.Is(err, credproc.ErrInvalid) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %q, want one line that is unsent and invalid", name, err)
		}
	}
}
