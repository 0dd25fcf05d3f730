package awstest

import (
	"net/http"
	"strings"
	"testing"
)

// The published vectors of Signature Version 4: the example of the IAM user
// guide (ListUsers) and AWS's test suite (service "service").
const (
	vectorKey    = "AKIDEXAMPLE"
	vectorSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	vectorDate   = "20150830T123600Z"
	vectorToken  = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
)

func TestSignatureVersion4Vectors(t *testing.T) {
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	tests := []struct {
		name, service, method, url string
		header                     http.Header
		body, signedHeaders        string
		signature                  string
	}{
		{
			"ListUsers of the user guide", "iam", "GET", "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
			http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}},
			"", "content-type;host;x-amz-date",
			"5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
		},
		{
			"get-vanilla", "service", "GET", "https://example.amazonaws.com/", nil, "", "host;x-amz-date",
			"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
		},
		{
			"get-relative", "service", "GET", "https://example.amazonaws.com/example/..", nil, "", "host;x-amz-date",
			"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
		},
		{
			"get-slashes", "service", "GET", "https://example.amazonaws.com//example//", nil, "", "host;x-amz-date",
			"9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
		},
		{
			"get-vanilla-query-order-key-case", "service", "GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1", nil, "", "host;x-amz-date",
			"b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
		},
		{
			"get-vanilla-empty-query-key", "service", "GET", "https://example.amazonaws.com/?Param1=value1", nil, "", "host;x-amz-date",
			"a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
		},
		{
			"get-header-value-trim", "service", "GET", "https://example.amazonaws.com/",
			http.Header{"My-Header1": {" value1"}, "My-Header2": {` "a   b   c"`}},
			"", "host;my-header1;my-header2;x-amz-date",
			"acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
		},
		{
			"get-header-key-duplicate", "service", "GET", "https://example.amazonaws.com/",
			http.Header{"My-Header1": {"value2", "value2", "value1"}},
			"", "host;my-header1;x-amz-date",
			"c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
		},
		{
			"post-vanilla", "service", "POST", "https://example.amazonaws.com/", nil, "", "host;x-amz-date",
			"5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
		},
		{
			"post-x-www-form-urlencoded", "service", "POST", "https://example.amazonaws.com/", form, "Param1=value1", "content-type;host;x-amz-date",
			"ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
		},
		{
			"post-sts-header-before", "service", "POST", "https://example.amazonaws.com/",
			http.Header{"X-Amz-Security-Token": {vectorToken}},
			"", "host;x-amz-date;x-amz-security-token",
			"85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), test.method, test.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			if test.header != nil {
				r.Header = test.header
			}
			r.Header.Set("X-Amz-Date", vectorDate)
			auth, refusal := parseAuthorization("AWS4-HMAC-SHA256 Credential=" + vectorKey + "/20150830/us-east-1/" + test.service +
				"/aws4_request, SignedHeaders=" + test.signedHeaders + ", Signature=" + test.signature)
			if refusal != nil {
				t.Fatalf("%+v", refusal)
			}
			canonical := canonicalRequest(r, auth.signedHeaders, []byte(test.body))
			if got := auth.sign(vectorSecret, vectorDate, canonical); got != auth.signature {
				t.Errorf("got signature %s, want %s\ncanonical request:\n%s", got, auth.signature, canonical)
			}
		})
	}
}

// RFC 6238, appendix B: the last six of its eight digits.
func TestCodesOfRFC6238(t *testing.T) {
	var d Device
	copy(d.seed[:], "12345678901234567890") // HMAC pads a key with zeros anyway
	for seconds, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := d.code(seconds / 30); got != want {
			t.Errorf("at %d: got %s, want %s", seconds, got, want)
		}
	}
}

// FuzzAuthorization holds that what parses has all its parts, and that no
// header whatever is the signature of a request.
func FuzzAuthorization(f *testing.F) {
	const good = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/sts/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"
	for _, seed := range []string{
		good, "", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", strings.ReplaceAll(good, ", ", ","), good + ", Signature=11",
		strings.Replace(good, "/sts", "", 1), strings.Replace(good, "host;", ";;", 1), "Bearer x", good + ", =",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		a, refusal := parseAuthorization(header)
		if refusal != nil {
			if refusal.Code != "IncompleteSignature" || refusal.Message == "" {
				t.Errorf("got refusal %+v", refusal)
			}
			return
		}
		if a.signature == "" || len(a.signedHeaders) == 0 || strings.Count(header, a.scope()) == 0 {
			t.Errorf("%q parsed as %+v", header, a)
		}
	})
}
