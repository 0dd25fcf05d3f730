package sigv4_test

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/mfad/mfad/credproc/sigv4"
)

const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

var at = time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)

func keyOf(token string) sigv4.Key {
	return sigv4.Key{ID: "AKIDEXAMPLE", SessionToken: token, Day: func(_ context.Context, day string) ([]byte, error) {
		return sigv4.SigningKey([]byte(secret), day), nil
	}}
}

// request makes the same request twice: one for us, one for the SDK.
func request(method, address, header, value string, length int64) (ours, theirs *http.Request, err error) {
	made := [2]*http.Request{}
	for i := range made {
		if made[i], err = http.NewRequest(method, address, nil); err != nil {
			return nil, nil, err
		}
		made[i].Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		made[i].Header.Set("User-Agent", "test")
		made[i].Header[http.CanonicalHeaderKey(header)] = []string{value, value}
		made[i].ContentLength = length
	}
	return made[0], made[1], nil
}

// The SDK's own signer, which has the secret, is the judge.
func compare(t *testing.T, ours, theirs *http.Request, payload, token string, when time.Time) {
	t.Helper()
	if err := sigv4.Sign(t.Context(), ours, on("eu-central-1", when, payload), keyOf(token)); err != nil {
		t.Fatal(err)
	}
	by := aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: secret, SessionToken: token}
	if err := v4.NewSigner().SignHTTP(t.Context(), by, theirs, payload, "sts", "eu-central-1", when); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token"} {
		if got, want := ours.Header.Get(name), theirs.Header.Get(name); got != want {
			t.Errorf("%s %s: %s\n got %s\nwant %s", ours.Method, ours.URL, name, got, want)
		}
	}
	if ours.URL.String() != theirs.URL.String() || ours.Host != theirs.Host {
		t.Errorf("got %s at %q, want %s at %q", ours.URL, ours.Host, theirs.URL, theirs.Host)
	}
}

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestSignatureIsTheSDKs(t *testing.T) {
	for _, address := range []string{
		"https://sts.eu-central-1.amazonaws.com/", "https://sts.eu-central-1.amazonaws.com",
		"https://iam.amazonaws.com:443/?Action=ListUsers&Version=2010-05-08", "http://127.0.0.1:8080/", "http://localhost:80/a b/c%20d//e?",
		"https://example.com/ü?b=2&a=1&a=%2F&a=-&c&=x+y", "https://example.com/~a_b-c.d/;x=1?q=~%7E",
	} {
		for _, method := range []string{"GET", "POST"} {
			for _, token := range []string{"", "IQoJb3JpZ2luX2VjE/+=="} {
				for _, length := range []int64{0, 1, 43, -1} {
					ours, theirs, err := request(method, address, "X-Amz-Target", "  one   two\t three ", length)
					if err != nil {
						t.Fatal(err)
					}
					compare(t, ours, theirs, emptyHash, token, at)
				}
			}
		}
	}
}

// The Host header may say another name than the address, or be left to it.
func TestSignatureHoldsTheHostThatIsSent(t *testing.T) {
	const address = "127.0.0.1:8443"
	for _, host := range []string{"", "sts.example.com", "sts.example.com:443", "sts.example.com:8443"} {
		ours, theirs, err := request("POST", "https://"+address+"/", "X", "y", 1)
		if err != nil {
			t.Fatal(err)
		}
		ours.Host, theirs.Host = host, cmp.Or(host, address)
		compare(t, ours, theirs, emptyHash, "", at)
	}
}

// on are the terms of a request to STS.
func on(region string, at time.Time, payload string) sigv4.Terms {
	return sigv4.Terms{Service: "sts", Region: region, At: at, Payload: payload}
}

// A known day of a known secret, from AWS's own example
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-examples.html).
func TestSigningKeyIsAWSsExample(t *testing.T) {
	got := hex.EncodeToString(sigv4.SigningKey([]byte("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), "20120215"))
	if want := "969fbb94feb542b71ede6f87fe4d5fa29c789342b0f407474670f0c2489e0a0d"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestKeyIsAskedForTheUTCDayAndWiped(t *testing.T) {
	ours, _, err := request("POST", "https://sts.amazonaws.com/", "X", "y", 1)
	if err != nil {
		t.Fatal(err)
	}
	var asked string
	kDate := sigv4.SigningKey([]byte(secret), "20150831")
	key := sigv4.Key{ID: "AKIDEXAMPLE", Day: func(_ context.Context, day string) ([]byte, error) {
		asked = day
		return kDate, nil
	}}
	west := time.Date(2015, 8, 30, 20, 0, 0, 0, time.FixedZone("", -5*3600))
	if err := sigv4.Sign(t.Context(), ours, on("us-east-1", west, emptyHash), key); err != nil {
		t.Fatal(err)
	}
	if asked != "20150831" {
		t.Errorf("asked for %s", asked)
	}
	if strings.Trim(string(kDate), "\x00") != "" {
		t.Error("the key of the day was not wiped")
	}
}

func TestTokenThatDoesNotSignIsAnError(t *testing.T) {
	gone := errors.New("gone")
	for name, day := range map[string]func(context.Context, string) ([]byte, error){
		"error": func(context.Context, string) ([]byte, error) { return nil, gone },
		"short": func(context.Context, string) ([]byte, error) { return []byte("short"), nil },
	} {
		ours, _, err := request("POST", "https://sts.amazonaws.com/", "X", "y", 1)
		if err != nil {
			t.Fatal(err)
		}
		err = sigv4.Sign(t.Context(), ours, on("us-east-1", at, emptyHash), sigv4.Key{Day: day})
		if err == nil || name == "error" && !errors.Is(err, gone) || ours.Header.Get("Authorization") != "" {
			t.Errorf("%s: %v, signed: %q", name, err, ours.Header.Get("Authorization"))
		}
	}
}

func FuzzSignature(f *testing.F) {
	f.Add("POST", "/", "a=b&c=d", "X-Amz-Target", "x y", int64(3), int64(1440938160))
	f.Add("GET", "/a//b/%2F/ü", "a=%20+&a=&b", "x-y", "  a  b ", int64(0), int64(0))
	f.Fuzz(func(t *testing.T, method, path, query, header, value string, length, seconds int64) {
		if strings.ContainsAny(path+query, "?#") || header == "" || seconds < 0 || seconds > 1<<35 {
			t.Skip()
		}
		address := url.URL{Scheme: "https", Host: "sts.amazonaws.com", Path: path, RawQuery: query}
		ours, theirs, err := request(method, address.String(), header, value, length)
		if err != nil {
			t.Skip()
		}
		compare(t, ours, theirs, emptyHash, "", time.Unix(seconds, 0))
	})
}
