package aws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/sigv4"
)

// timeTimeout is what AWS's time is worth waiting for.
const timeTimeout = 5 * time.Second

// Time has the service at a URL tell its time, to Observe, by a request that
// bears no signature: any answer will do that has a date.
func (s *Service) Time(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, timeTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("%w: asking %s for the time: %w", credproc.ErrInvalid, s.where, err)
	}
	answer, err := s.http.Do(r)
	if err != nil {
		return fmt.Errorf("%w: asking %s for the time: %w", credproc.ErrUnavailable, s.where, withoutURL(err))
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body) // so that the connection serves again
	if _, ok := skewOf(answer.Header, time.Time{}, time.Time{}); !ok {
		return fmt.Errorf("%w: the answer of %s tells no time", credproc.ErrUnavailable, s.where)
	}
	return nil
}

// withoutURL is the cause of a failed request: the text of a *url.Error repeats
// the URL.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
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

// clockText has our time and AWS's, as in "Signature expired: 20261122T070000Z
// is now earlier than 20261122T074500Z (20261122T080000Z - 15 min.)".
var clockText = regexp.MustCompile(`^Signature (?:expired|not yet current): (\d{8}T\d{6}Z) .*\((\d{8}T\d{6}Z) [-+] `)

// aheadOf tells how far our clock is ahead, by AWS's words.
func aheadOf(message string) (time.Duration, bool) {
	m := clockText.FindStringSubmatch(message)
	if m == nil {
		return 0, false
	}
	ours, err := time.Parse(sigv4.TimeLayout, m[1])
	if err != nil {
		return 0, false
	}
	theirs, err := time.Parse(sigv4.TimeLayout, m[2])
	if err != nil {
		return 0, false
	}
	return ours.Sub(theirs), true
}

// aheadByDate compares the times that the request and its answer bear.
func aheadByDate(answer *awshttp.ResponseError) time.Duration {
	date, err := http.ParseTime(answer.Response.Header.Get("Date"))
	if err != nil {
		return 0
	}
	if answer.Response.Request == nil {
		return 0
	}
	ours, err := time.Parse(sigv4.TimeLayout, answer.Response.Request.Header.Get("X-Amz-Date"))
	if err != nil {
		return 0
	}
	return ours.Sub(date)
}
