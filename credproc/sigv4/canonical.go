package sigv4

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// form is a request as it is signed.
type form struct {
	text    string // the canonical request
	headers string // the names of those that are signed
	query   string
}

// writeCanonical writes a request down in the one way that both sides agree on
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html, step 1).
func writeCanonical(r *http.Request, payload string) form {
	names, lines := canonicalHeaders(r)
	f := form{headers: strings.Join(names, ";"), query: canonicalQuery(r.URL.Query())}
	f.text = strings.Join([]string{r.Method, canonicalPath(r.URL), f.query, lines, f.headers, payload}, "\n")
	return f
}

// canonicalPath is the path, escaped once more than it is sent: only S3 has it
// otherwise.
func canonicalPath(u *url.URL) string {
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	var b strings.Builder
	for part := range strings.SplitSeq(path, "/") {
		b.WriteString("/" + escape(part))
	}
	return b.String()[1:]
}

// canonicalQuery sorts the pairs after they are escaped.
func canonicalQuery(query url.Values) string {
	var pairs [][2]string
	for name, values := range query {
		for _, value := range values {
			pairs = append(pairs, [2]string{escape(name), escape(value)})
		}
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	var b strings.Builder
	for i, pair := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(pair[0] + "=" + pair[1])
	}
	return b.String()
}

// escape leaves RFC 3986's unreserved characters alone, and writes a space as
// %20.
func escape(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

// unsigned are the headers that a proxy, the HTTP client or a tracer may change.
var unsigned = []string{"authorization", "user-agent", "x-amzn-trace-id", "expect", "transfer-encoding", "content-length"}

// canonicalHeaders are the names of the headers to sign, and their lines.
func canonicalHeaders(r *http.Request) (names []string, lines string) {
	values := map[string][]string{"host": {r.Host}}
	if r.ContentLength > 0 {
		values["content-length"] = []string{strconv.FormatInt(r.ContentLength, 10)}
	}
	for name, all := range r.Header {
		if lower := strings.ToLower(name); !slices.Contains(unsigned, lower) && lower != "host" {
			values[lower] = append(values[lower], all...)
		}
	}
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		for i, value := range values[name] {
			values[name][i] = oneSpace(value)
		}
		b.WriteString(name + ":" + strings.Join(values[name], ",") + "\n")
	}
	return names, b.String()
}

// oneSpace takes the blanks off both ends, and makes one space of several.
func oneSpace(value string) string {
	value = strings.TrimSpace(value)
	for strings.Contains(value, "  ") {
		value = strings.ReplaceAll(value, "  ", " ")
	}
	return value
}

// hostOf is what the Host header will say: without the port that goes without
// saying.
func hostOf(r *http.Request) string {
	name := r.Host
	if name == "" {
		name = r.URL.Host
	}
	port := map[string]string{"http": ":80", "https": ":443"}[strings.ToLower(r.URL.Scheme)]
	return strings.TrimSuffix(name, port)
}
