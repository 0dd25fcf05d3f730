package aws

import (
	"bytes"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
)

// maxAnswer is far above any answer of the services that we ask.
const maxAnswer = 1 << 20

// httpClient is what the SDK sends through: it reads AWS's clock from each
// answer and bounds the answer's size.
type httpClient struct {
	http    *http.Client
	now     func() time.Time
	observe func(time.Duration)
}

var _ sdk.HTTPClient = (*httpClient)(nil)

// Do implements [sdk.HTTPClient].
func (c *httpClient) Do(r *http.Request) (*http.Response, error) {
	sent := c.now()
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	if skew, ok := skewOf(answer.Header, sent, c.now()); ok && c.observe != nil {
		c.observe(skew)
	}
	var body io.Reader = &bounded{answer.Body, maxAnswer}
	if answer.StatusCode >= http.StatusBadRequest {
		if body, err = unnested(body); err != nil {
			_ = answer.Body.Close()
			return nil, err
		}
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{body, answer.Body}
	return answer, nil
}

// bounded reads an answer of at most left bytes, and tells one that breaks off
// from one that is wrong.
type bounded struct {
	body io.Reader
	left int
}

// Read implements [io.Reader].
func (b *bounded) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errFlood
	}
	n, err := b.body.Read(p[:min(len(p), b.left)])
	b.left -= n
	if err != nil && err != io.EOF { //nolint:errorlint // a reader's end is this very value
		err = &brokenError{err}
	}
	return n, err
}

// errFlood is an answer that no service of AWS gives.
var errFlood = errors.New("the answer does not end")

// brokenError is an answer that began and did not come to its end: the connection
// was cut, or the rest took too long.
type brokenError struct{ err error }

func (e *brokenError) Error() string { return "the answer broke off: " + e.err.Error() }

// Unwrap gives what the connection says.
func (e *brokenError) Unwrap() error { return e.err }

// brokenOff finds a broken answer in an error of the SDK, also one that ends in the
// middle of a tag, as a proxy leaves it that was cut itself.
func brokenOff(err error) error {
	if broken, ok := errors.AsType[*brokenError](err); ok {
		return broken
	}
	if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok && syntax.Msg == "unexpected EOF" {
		return &brokenError{io.ErrUnexpectedEOF}
	}
	return nil
}

// unnested is the text of an error as AWS's STS writes it. Some stand-ins put the
// error where the SDK does not find it: moto into a list of errors; Ceph, as S3
// does, into no ErrorResponse at all; others write it in JSON or in Latin-1.
func unnested(body io.Reader) (io.Reader, error) {
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	text = readable(text)
	for _, tag := range []string{"<Errors>", "</Errors>"} {
		text = bytes.Replace(text, []byte(tag), nil, 1)
	}
	if start := bytes.Index(text, []byte("<Error>")); start >= 0 && !bytes.Contains(text[:start], []byte("Response")) {
		text = slices.Concat([]byte("<ErrorResponse>"), text[start:], []byte("</ErrorResponse>"))
	}
	return bytes.NewReader(text), nil
}

// isOther says that what answered does not speak as a service of AWS does, nor
// will it a moment later: it is no web server, or has no certificate for us.
func isOther(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	// net/http has no types for these; the second is of who speaks before it is asked.
	text := err.Error()
	return errors.Is(err, errFlood) || errors.Is(err, http.ErrSchemeMismatch) ||
		strings.Contains(text, "malformed HTTP") || strings.Contains(text, "readLoopPeekFailLocked")
}
