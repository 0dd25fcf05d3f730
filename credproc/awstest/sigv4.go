package awstest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// algorithm is the only one that STS takes.
const algorithm = "AWS4-HMAC-SHA256"

// authorization is an Authorization header, taken apart.
type authorization struct {
	keyID                             string
	date, region, service, terminator string
	signedHeaders                     []string
	signature                         string
}

// parseAuthorization reads the header strictly.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html
func parseAuthorization(header string) (authorization, *apiError) {
	var a authorization
	rest, found := strings.CutPrefix(header, algorithm+" ")
	if !found {
		return a, incomplete("Unsupported or missing algorithm in the Authorization header, " + algorithm + " is required.")
	}
	fields := make(map[string]string, 3)
	for part := range strings.SplitSeq(rest, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if _, twice := fields[name]; !ok || twice {
			return a, incomplete("Invalid key=value pair (missing equal-sign or repeated key) in Authorization header.")
		}
		fields[name] = value
	}
	var missing []string
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if fields[name] == "" {
			missing = append(missing, "Authorization header requires '"+name+"' parameter.")
		}
	}
	if missing != nil {
		return a, incomplete(strings.Join(missing, " "))
	}
	if len(fields) != 3 {
		return a, incomplete("Authorization header takes 'Credential', 'SignedHeaders' and 'Signature' only.")
	}
	scope := strings.Split(fields["Credential"], "/")
	if len(scope) != 5 {
		return a, incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.")
	}
	a.keyID, a.date, a.region, a.service, a.terminator = scope[0], scope[1], scope[2], scope[3], scope[4]
	a.signedHeaders = strings.Split(fields["SignedHeaders"], ";")
	a.signature = fields["Signature"]
	return a, nil
}

func incomplete(why string) *apiError {
	return refuse(http.StatusBadRequest, "IncompleteSignature", why)
}

// scope is the credential scope of the string to sign.
func (a authorization) scope() string {
	return strings.Join([]string{a.date, a.region, a.service, a.terminator}, "/")
}

// sign computes the signature that the holder of secret would have made.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func (a authorization) sign(secret, amzDate, canonicalRequest string) string {
	digest := sha256.Sum256([]byte(canonicalRequest))
	toSign := strings.Join([]string{algorithm, amzDate, a.scope(), hex.EncodeToString(digest[:])}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range []string{a.date, a.region, a.service, a.terminator} {
		key = hmacSHA256(key, part)
	}
	return hex.EncodeToString(hmacSHA256(key, toSign))
}

func hmacSHA256(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(text)) // a hash never fails
	return mac.Sum(nil)
}

// canonicalRequest is step 1 of signing, from what arrived.
func canonicalRequest(r *http.Request, signedHeaders []string, body []byte) string {
	payload := sha256.Sum256(body)
	var headers strings.Builder
	for _, name := range signedHeaders {
		headers.WriteString(name + ":" + canonicalHeader(r, name) + "\n")
	}
	return strings.Join([]string{
		r.Method,
		canonicalPath(r.URL),
		canonicalQuery(r.URL.RawQuery),
		headers.String(),
		strings.Join(signedHeaders, ";"),
		hex.EncodeToString(payload[:]),
	}, "\n")
}

// canonicalHeader joins the values of a header by commas, trimmed and with
// runs of spaces made one.
func canonicalHeader(r *http.Request, name string) string {
	if name == "host" { // net/http keeps it apart
		return r.Host
	}
	var values []string
	for _, v := range r.Header.Values(name) {
		values = append(values, strings.Join(strings.Fields(v), " "))
	}
	return strings.Join(values, ",")
}

// canonicalPath normalizes the path and escapes each segment a second time, as
// every service but S3 wants it.
func canonicalPath(u *url.URL) string {
	raw := u.EscapedPath()
	if raw == "" {
		return "/"
	}
	clean := path.Clean(raw)
	if strings.HasSuffix(raw, "/") && clean != "/" {
		clean += "/"
	}
	segments := strings.Split(clean, "/")
	for i, s := range segments {
		segments[i] = uriEncode(s)
	}
	return strings.Join(segments, "/")
}

// canonicalQuery sorts the parameters by name and then by value, encoded.
func canonicalQuery(raw string) string {
	if raw == "" {
		return ""
	}
	var pairs [][2]string
	for part := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, [2]string{reencode(name), reencode(value)})
	}
	slices.SortFunc(pairs, func(a, b [2]string) int {
		if c := strings.Compare(a[0], b[0]); c != 0 {
			return c
		}
		return strings.Compare(a[1], b[1])
	})
	joined := make([]string, len(pairs))
	for i, p := range pairs {
		joined[i] = p[0] + "=" + p[1]
	}
	return strings.Join(joined, "&")
}

// reencode brings one part of a query into the one form of [uriEncode].
func reencode(s string) string {
	plain, err := url.QueryUnescape(s)
	if err != nil {
		return s // cannot match any signature, and the parameters are refused later
	}
	return uriEncode(plain)
}

// uriEncode is AWS's UriEncode: all but the unreserved characters of RFC 3986
// become %XX in capitals.
func uriEncode(s string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
	}
	return b.String()
}
