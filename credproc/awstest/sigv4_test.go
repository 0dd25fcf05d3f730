package awstest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/mfad/mfad/credproc/awstest"
)

const identityForm = "Action=GetCallerIdentity&Version=2011-06-15"

// raw is a request of the query protocol, signed by the Go SDK, that a test
// may spoil before or after.
type raw struct {
	method, query, body   string
	header                http.Header
	service, region       string
	key                   aws.Credentials
	at                    time.Time
	beforeSign, afterSign func(*http.Request)
}

func (w *world) raw() *raw {
	return &raw{
		method: http.MethodPost, body: identityForm,
		header:  http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}},
		service: "sts", region: "eu-west-1", key: aws.Credentials{AccessKeyID: w.key.ID, SecretAccessKey: w.key.Secret}, at: w.Now(),
	}
}

// reply is what came back.
type reply struct {
	status    int
	header    http.Header
	Type      string `xml:"Error>Type"`
	Code      string `xml:"Error>Code"`
	Message   string `xml:"Error>Message"`
	RequestID string `xml:"RequestId"`
	GrantedID string `xml:"ResponseMetadata>RequestId"`
	Arn       string `xml:"GetCallerIdentityResult>Arn"`
}

func (w *world) send(t *testing.T, r *raw) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), r.method, w.url+"/"+r.query, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = r.header
	if r.beforeSign != nil {
		r.beforeSign(req)
	}
	sum := sha256.Sum256([]byte(r.body))
	if err := v4.NewSigner().SignHTTP(t.Context(), r.key, req, hex.EncodeToString(sum[:]), r.service, r.region, r.at); err != nil {
		t.Fatal(err)
	}
	if r.afterSign != nil {
		r.afterSign(req)
	}
	answer, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	out := reply{status: answer.StatusCode, header: answer.Header}
	if err := xml.NewDecoder(answer.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestGoodSignaturesHold(t *testing.T) {
	w := newWorld(t)
	tests := map[string]func(*raw){
		"POST": func(*raw) {},
		"GET": func(r *raw) {
			r.method, r.query, r.body = http.MethodGet, "?"+identityForm, ""
		},
		"GET with parameters out of order and odd characters": func(r *raw) {
			r.method, r.body, r.query = http.MethodGet, "", "?Version=2011-06-15&b=%7E%2f+x&a=1&A=&Action=GetCallerIdentity&c"
		},
		"signed payload hash": func(r *raw) {
			sum := sha256.Sum256([]byte(r.body))
			r.header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
		},
		"15 minutes late":  func(r *raw) { r.at = r.at.Add(-15 * time.Minute) },
		"15 minutes early": func(r *raw) { r.at = r.at.Add(15 * time.Minute) },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			r := w.raw()
			change(r)
			got := w.send(t, r)
			if got.status != http.StatusOK || got.Arn != w.user.ARN || got.GrantedID != got.header.Get("X-Amzn-Requestid") {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// edit changes the Authorization header.
func edit(from, to string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), from, to, 1))
	}
}

func TestBadSignaturesAreRefused(t *testing.T) {
	const mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	w := newWorld(t)
	clock := w.Now().UTC()
	stamp := func(d time.Duration) string { return clock.Add(d).Format("20060102T150405Z") }
	const late, early = -15*time.Minute - time.Second, 15*time.Minute + time.Second
	tests := []struct {
		name    string
		change  func(*raw)
		code    string
		message string // a part of it
	}{
		{"changed body", func(r *raw) {
			r.afterSign = func(req *http.Request) {
				req.Body = io.NopCloser(strings.NewReader(strings.Replace(identityForm, "&", "&x", 1)))
				req.ContentLength++
				req.Header.Del("Content-Length")
			}
		}, "InvalidAction", ""}, // Version is gone: refused before the signature
		{"added query", func(r *raw) { r.afterSign = func(q *http.Request) { q.URL.RawQuery = "a=1" } }, "SignatureDoesNotMatch", mismatch},
		{"changed path", func(r *raw) { r.afterSign = func(q *http.Request) { q.URL.Path = "/x" } }, "SignatureDoesNotMatch", mismatch},
		{"changed host", func(r *raw) { r.afterSign = func(q *http.Request) { q.Host = "sts.example.org" } }, "SignatureDoesNotMatch", mismatch},
		{"changed header", func(r *raw) {
			r.afterSign = func(q *http.Request) { q.Header.Set("Content-Type", "application/x-www-form-urlencoded") }
		}, "SignatureDoesNotMatch", mismatch},
		{"changed time", func(r *raw) {
			r.afterSign = func(q *http.Request) { q.Header.Set("X-Amz-Date", stamp(time.Second)) }
		}, "SignatureDoesNotMatch", ""}, // at midnight by its date, else by the signature
		{"wrong secret", func(r *raw) { r.key.SecretAccessKey += "x" }, "SignatureDoesNotMatch", mismatch},
		{"wrong hash of the payload", func(r *raw) { r.header.Set("X-Amz-Content-Sha256", strings.Repeat("0", 64)) }, "SignatureDoesNotMatch", "x-amz-content-sha256"},
		{"wrong service", func(r *raw) { r.service = "iam" }, "SignatureDoesNotMatch", "Credential should be scoped to correct service: 'sts'."},
		{"no region", func(r *raw) { r.region = "nowhere" }, "SignatureDoesNotMatch", "Credential should be scoped to a valid Region, not 'nowhere'."},
		{"terminator", func(r *raw) { r.afterSign = edit("/aws4_request", "/aws5_request") }, "SignatureDoesNotMatch", "valid terminator"},
		{"date of the scope", func(r *raw) {
			r.afterSign = edit("/"+clock.Format("20060102")+"/", "/20200101/")
		}, "SignatureDoesNotMatch", "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20200101' != '"},
		{"host not signed", func(r *raw) { r.afterSign = edit(";host;", ";") }, "SignatureDoesNotMatch", "'Host'"},
		{"time not signed", func(r *raw) { r.afterSign = edit(";x-amz-date", "") }, "SignatureDoesNotMatch", "'X-Amz-Date' must be a 'SignedHeader'"},
		{"header not signed", func(r *raw) {
			r.afterSign = func(q *http.Request) { q.Header.Set("X-Amz-Target", "x") }
		}, "SignatureDoesNotMatch", "'X-Amz-Target' must be a 'SignedHeader'"},
		{"signed header not there", func(r *raw) { r.afterSign = edit("content-length", "accept;content-length") }, "SignatureDoesNotMatch", "'accept'"},
		{"signed headers not sorted", func(r *raw) { r.afterSign = edit("host;x-amz-date", "x-amz-date;host") }, "SignatureDoesNotMatch", "sorted"},
		{"signed header twice", func(r *raw) { r.afterSign = edit("host;", "host;host;") }, "SignatureDoesNotMatch", "unique"},
		{
			"too late", func(r *raw) { r.at = clock.Add(late) }, "SignatureDoesNotMatch",
			"Signature expired: " + stamp(late) + " is now earlier than " + stamp(-15*time.Minute) + " (" + stamp(0) + " - 15 min.)",
		},
		{
			"too early", func(r *raw) { r.at = clock.Add(early) }, "SignatureDoesNotMatch",
			"Signature not yet current: " + stamp(early) + " is still later than " + stamp(15*time.Minute) + " (" + stamp(0) + " + 15 min.)",
		},
		{"unknown key", func(r *raw) { r.key.AccessKeyID = "AKIAQQQQQQQQQQQQQQQQ" }, "InvalidClientTokenId", "The security token included in the request is invalid."},
		{"token with a long-term key", func(r *raw) { r.key.SessionToken = "token" }, "InvalidClientTokenId", "The security token included in the request is invalid."},
		{"no signature", func(r *raw) { r.afterSign = func(q *http.Request) { q.Header.Del("Authorization") } }, "MissingAuthenticationToken", "Request is missing Authentication Token"},
		{"two signatures", func(r *raw) {
			r.afterSign = func(q *http.Request) { q.Header.Add("Authorization", q.Header.Get("Authorization")) }
		}, "MissingAuthenticationToken", ""},
		{"no time", func(r *raw) { r.afterSign = func(q *http.Request) { q.Header.Del("X-Amz-Date") } }, "IncompleteSignature", "X-Amz-Date"},
		{"another algorithm", func(r *raw) { r.afterSign = edit("SHA256", "SHA1") }, "IncompleteSignature", "algorithm"},
		{"a part missing", func(r *raw) { r.afterSign = edit("SignedHeaders=", "Headers=") }, "IncompleteSignature", "requires 'SignedHeaders' parameter"},
		{"half a credential", func(r *raw) { r.afterSign = edit("/sts/", "/") }, "IncompleteSignature", "5 slash-delimited elements"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := w.raw()
			test.change(r)
			got := w.send(t, r)
			if got.Code != test.code || !strings.Contains(got.Message, test.message) || got.status/100 != 4 {
				t.Errorf("got %d %s: %q\nwant %s: %q", got.status, got.Code, got.Message, test.code, test.message)
			}
			if got.Type != "Sender" || got.RequestID == "" || got.RequestID != got.header.Get("X-Amzn-Requestid") {
				t.Errorf("got %+v, want AWS's shape", got)
			}
		})
	}
}

func TestEveryBitOfTheBodyIsSigned(t *testing.T) {
	w := newWorld(t)
	body := []byte(identityForm + "&Tag=x")
	for i := len(identityForm) + len("&Tag="); i < len(body); i++ {
		for bit := range 8 {
			spoiled := bytes.Clone(body)
			spoiled[i] ^= 1 << bit
			if strings.ContainsRune("%&;", rune(spoiled[i])) {
				continue // another form, which is refused as one
			}
			r := w.raw()
			r.body = string(body)
			r.afterSign = func(q *http.Request) { q.Body = io.NopCloser(bytes.NewReader(spoiled)) }
			if got := w.send(t, r); got.Code != "SignatureDoesNotMatch" {
				t.Errorf("bit %d of byte %d: got %d %s", bit, i, got.status, got.Code)
			}
		}
	}
}

func TestRegionOfTheServerIsTheOnlyOne(t *testing.T) {
	w := newWorld(t)
	s := awstest.New(awstest.Options{Region: "eu-north-1", Now: w.Now})
	peer := httptest.NewServer(s)
	t.Cleanup(peer.Close)
	key, err := s.AddUser("bob").AddKey()
	if err != nil {
		t.Fatal(err)
	}
	w.url, w.key = peer.URL, key
	r := w.raw()
	if got := w.send(t, r); got.Code != "SignatureDoesNotMatch" || got.Message != "Credential should be scoped to a valid Region, not 'eu-west-1'." {
		t.Errorf("got %+v", got)
	}
	r = w.raw()
	r.region = "eu-north-1"
	if got := w.send(t, r); got.status != http.StatusOK {
		t.Errorf("got %+v", got)
	}
}

func TestSessionTokenIsPartOfTheCredential(t *testing.T) {
	w := newWorld(t)
	session := w.mfaSession(t)
	other := awstest.Key{ID: *session.AccessKeyId, Secret: *session.SecretAccessKey}
	token := *session.SessionToken
	const invalid = "The security token included in the request is invalid."
	for name, test := range map[string]struct{ token, code, message string }{
		"whole":   {token, "", ""},
		"missing": {"", "InvalidClientTokenId", invalid},
		"cut":     {token[:len(token)-1], "InvalidClientTokenId", invalid},
	} {
		r := w.raw()
		r.key = aws.Credentials{AccessKeyID: other.ID, SecretAccessKey: other.Secret, SessionToken: test.token}
		if got := w.send(t, r); got.Code != test.code || got.Message != test.message {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	w.ExpireSession(other.ID)
	r := w.raw()
	r.key = aws.Credentials{AccessKeyID: other.ID, SecretAccessKey: other.Secret, SessionToken: token}
	if got := w.send(t, r); got.Code != "ExpiredToken" || got.Message != "The security token included in the request is expired" || got.status != http.StatusForbidden {
		t.Errorf("got %+v", got)
	}
}

func TestInactiveKeyIsNoKey(t *testing.T) {
	w := newWorld(t)
	if !w.user.SetKeyActive(w.key.ID, false) {
		t.Fatal("no such key")
	}
	if got := w.send(t, w.raw()); got.Code != "InvalidClientTokenId" {
		t.Errorf("got %+v", got)
	}
	w.user.SetKeyActive(w.key.ID, true)
	if got := w.send(t, w.raw()); got.status != http.StatusOK {
		t.Errorf("got %+v", got)
	}
	if w.user.SetKeyActive("AKIAQQQQQQQQQQQQQQQQ", true) {
		t.Error("a key that is not there was set active")
	}
}

func TestFormOfTheProtocol(t *testing.T) {
	w := newWorld(t)
	tests := map[string]struct {
		change func(*raw)
		status int
		code   string
	}{
		"no action":         {func(r *raw) { r.body = "Version=2011-06-15" }, 400, "MissingAction"},
		"unknown action":    {func(r *raw) { r.body = "Action=AssumeRoot&Version=2011-06-15" }, 400, "InvalidAction"},
		"another version":   {func(r *raw) { r.body = "Action=GetCallerIdentity&Version=2010-05-08" }, 400, "InvalidAction"},
		"parameter twice":   {func(r *raw) { r.body += "&Action=GetCallerIdentity" }, 404, "MalformedQueryString"},
		"bad escape":        {func(r *raw) { r.body += "&a=%zz" }, 404, "MalformedQueryString"},
		"another type":      {func(r *raw) { r.header.Set("Content-Type", "application/json") }, 400, "MalformedInput"},
		"another method":    {func(r *raw) { r.method = http.MethodPut }, 405, "InvalidAction"},
		"too large a body":  {func(r *raw) { r.body += "&a=" + strings.Repeat("a", 1<<20) }, 413, "RequestEntityTooLarge"},
		"parameters nested": {func(r *raw) { r.body = url.Values{"Action": {"X&Action=GetCallerIdentity"}}.Encode() }, 400, "InvalidAction"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := w.raw()
			test.change(r)
			if got := w.send(t, r); got.status != test.status || got.Code != test.code {
				t.Errorf("got %d %s: %s, want %d %s", got.status, got.Code, got.Message, test.status, test.code)
			}
		})
	}
}
