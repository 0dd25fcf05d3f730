package aws

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/line"
)

// Explain turns what the SDK returned into what credproc promises: a
// *credproc.RefusalError with a plain sentence before it when AWS answered, an
// error wrapping credproc.ErrUnsent when it cannot have been asked.
func (c *Call) Explain(ctx context.Context, err error) error {
	var answer *awshttp.ResponseError
	if !errors.As(err, &answer) || answer.HTTPStatusCode() == 0 || brokenOff(err) != nil {
		return c.transportError(ctx, err)
	}
	refusal := &credproc.RefusalError{
		Op: c.op, Status: answer.HTTPStatusCode(), RequestID: line.Short(answer.ServiceRequestID(), maxMessage),
	}
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() != unknownCode {
		refusal.Code, refusal.Message = line.Short(api.ErrorCode(), maxMessage), c.clean(api.ErrorMessage())
	} else {
		refusal.Code, refusal.Message = noCode(refusal.Status), http.StatusText(refusal.Status)
		if api != nil && api.ErrorMessage() != unknownCode {
			refusal.Message = c.clean(api.ErrorMessage())
		}
	}
	sentence, class := c.classify(refusal)
	refusal.Class = class
	if errors.Is(class, credproc.ErrClock) {
		ahead, ok := aheadOf(refusal.Message)
		if !ok {
			ahead = aheadByDate(answer)
		}
		return fmt.Errorf("%w: %w", &credproc.ClockError{Ahead: ahead}, refusal)
	}
	return fmt.Errorf("%s: %w", sentence, refusal)
}

// unknownCode is what the SDK calls an answer without an error code, and says of one
// without a message.
const unknownCode = "UnknownError"

// noCode stands for the error code of an answer that has none.
func noCode(status int) string { return fmt.Sprintf("HTTP %d", status) }

// Refusal maps answers to a class. Empty fields match everything; the first row
// that matches holds.
type Refusal struct {
	Code, Text string // Text is a part of the message
	Class      error  // a sentinel of package credproc
	Sentence   string // in which [Where] stands for the service and its endpoint
}

// Where stands in a sentence for what was asked: "STS in eu-west-1", or a URL.
const Where = "{where}"

// refusals are AWS's texts as they were met, of every service.
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
var refusals = []Refusal{
	{"AccessDenied", "", credproc.ErrDenied, "AWS denied the call"},
	{"SignatureDoesNotMatch", "Signature expired", credproc.ErrClock, ""},
	{"SignatureDoesNotMatch", "Signature not yet current", credproc.ErrClock, ""},
	{"RequestExpired", "", credproc.ErrClock, ""},
	{"RequestTimeTooSkewed", "", credproc.ErrClock, ""},
	{"RequestInTheFuture", "", credproc.ErrClock, ""},
	{"SignatureDoesNotMatch", "Credential should be scoped", credproc.ErrInvalid, "AWS refused the region of the signature"},
	{"SignatureDoesNotMatch", "", credproc.ErrKeyRefused, "AWS knows the access key, but the secret is not the one that belongs to it"},
	// So it is with a key of another partition, and in a region that the
	// account has not enabled: the endpoint is a part of what is wrong.
	{"InvalidClientTokenId", "", credproc.ErrKeyRefused, "AWS does not know the access key at " + Where + ", or it is inactive"},
	{"UnrecognizedClientException", "", credproc.ErrKeyRefused, "AWS does not know the access key at " + Where + ", or it is inactive"},
	{"MissingAuthenticationToken", "", credproc.ErrKeyRefused, "AWS got no signature"},
	{"IncompleteSignature", "", credproc.ErrKeyRefused, "AWS cannot read the signature"},
	{"ExpiredToken", "", credproc.ErrExpired, "the credentials that sign have expired"},
	{"ExpiredTokenException", "", credproc.ErrExpired, "the credentials that sign have expired"},
	{"OptInRequired", "", credproc.ErrDenied, "the account is not signed up for this service"},
}

// classify finds the class of an answer and says it plainly.
func (c *Call) classify(e *credproc.RefusalError) (sentence string, class error) {
	for _, rows := range [][]Refusal{c.service.refusals, refusals} {
		for _, row := range rows {
			if row.Code == e.Code && strings.Contains(e.Message, row.Text) {
				return strings.ReplaceAll(row.Sentence, Where, c.service.where), row.Class
			}
		}
	}
	_, throttled := retry.DefaultThrottleErrorCodes[e.Code]
	switch {
	case throttled, e.Status == http.StatusTooManyRequests:
		return "AWS asks to slow down", credproc.ErrThrottled
	case e.Status >= http.StatusInternalServerError:
		return "AWS failed on its side", credproc.ErrUnavailable
	case e.Status < http.StatusBadRequest, e.Code == noCode(e.Status): // a redirect, or an answer of another program
		return "what answered at " + c.service.where + " is not " + c.service.name, credproc.ErrNoService
	case e.Status == http.StatusForbidden:
		return "AWS denied the call", credproc.ErrDenied
	}
	return "AWS refused a parameter", credproc.ErrInvalid
}

// maxMessage bounds AWS's words in our errors, in characters.
const maxMessage = 600

// clean makes a message fit for a terminal and a log: its first line, of bounded
// length, and without the code that was sent. What follows the first line may be
// the canonical request, with the session token in it.
func (c *Call) clean(message string) string {
	message, _, _ = strings.Cut(strings.TrimSpace(message), "\n")
	message, _, _ = strings.Cut(message, "The Canonical String")
	if c.code != "" {
		message = strings.ReplaceAll(message, "'"+c.code+"'", "[redacted]")
	}
	return line.Short(message, maxMessage)
}
