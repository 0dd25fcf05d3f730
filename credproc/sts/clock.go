package sts

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/mfad/mfad/credproc"
)

// maxAnswer is far above any answer of STS.
const maxAnswer = 1 << 20

// httpClient is what the SDK sends through: it reads AWS's clock from each
// answer and bounds the answer's size.
type httpClient struct {
	http    *http.Client
	now     func() time.Time
	observe func(time.Duration)
}

var _ sts.HTTPClient = (*httpClient)(nil)

// Do implements sts.HTTPClient.
func (c *httpClient) Do(r *http.Request) (*http.Response, error) {
	sent := c.now()
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	if skew, ok := skewOf(answer.Header, sent, c.now()); ok && c.observe != nil {
		c.observe(skew)
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(answer.Body, maxAnswer), answer.Body}
	return answer, nil
}

// skewOf is what to add to our clock, by the Date of an answer that was asked
// for at sent and came at received. A Date of whole seconds was true for one
// second, somewhere within the round trip: only what lies beyond that is skew.
func skewOf(h http.Header, sent, received time.Time) (time.Duration, bool) {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil || h.Get("Age") != "" { // a cache's answer tells an old time
		return 0, false
	}
	least, most := date.Sub(received), date.Add(time.Second).Sub(sent)
	if least <= 0 && most >= 0 {
		return 0, true
	}
	return (least + most) / 2, true
}

// signer signs with a given clock instead of the SDK's, and keeps nothing: the
// SDK's signer remembers the key that it derived under the access key id, in
// plain memory, and signs with it even when the secret has changed.
type signer struct{ now func() time.Time }

var _ sts.HTTPSignerV4 = signer{}

// SignHTTP implements sts.HTTPSignerV4. Credentials without a secret sign by
// the day keys of the context.
func (s signer) SignHTTP(ctx context.Context, by aws.Credentials, r *http.Request, payload, service, region string, _ time.Time, options ...func(*v4.SignerOptions)) error {
	if days, ok := ctx.Value(daysKey{}).(credproc.Signer); ok {
		return signByDay(ctx, by, r, payload, service, region, s.now(), days)
	}
	return v4.NewSigner().SignHTTP(ctx, by, r, payload, service, region, s.now(), options...)
}

// clockText has our time and AWS's, as in "Signature expired: 20261122T070000Z
// is now earlier than 20261122T074500Z (20261122T080000Z - 15 min.)".
var clockText = regexp.MustCompile(`^Signature (?:expired|not yet current): (\d{8}T\d{6}Z) .*\((\d{8}T\d{6}Z) [-+] `)

// aheadOf tells how far our clock is ahead, by AWS's words.
func aheadOf(message string) (time.Duration, bool) {
	const layout = "20060102T150405Z"
	m := clockText.FindStringSubmatch(message)
	if m == nil {
		return 0, false
	}
	ours, err := time.Parse(layout, m[1])
	if err != nil {
		return 0, false
	}
	aws, err := time.Parse(layout, m[2])
	if err != nil {
		return 0, false
	}
	return ours.Sub(aws), true
}
