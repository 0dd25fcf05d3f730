package sts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/mfad/mfad/credproc"
)

// explain turns what the SDK returned into what credproc promises: a
// *credproc.RefusalError with a plain sentence before it when AWS answered, an
// error wrapping credproc.ErrUnsent when it cannot have been asked.
func (r *request) explain(ctx context.Context, err error) error {
	var answer *awshttp.ResponseError
	if !errors.As(err, &answer) || answer.HTTPStatusCode() == 0 {
		return r.transportError(ctx, err)
	}
	refusal := &credproc.RefusalError{Op: r.op, Status: answer.HTTPStatusCode(), RequestID: printable(answer.ServiceRequestID())}
	var api smithy.APIError
	if errors.As(err, &api) {
		refusal.Code, refusal.Message = printable(api.ErrorCode()), r.clean(api.ErrorMessage())
	} else {
		refusal.Code, refusal.Message = fmt.Sprintf("HTTP %d", refusal.Status), http.StatusText(refusal.Status)
	}
	sentence, class := r.classify(refusal)
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

// aheadByDate compares the times that the request and its answer bear.
func aheadByDate(answer *awshttp.ResponseError) time.Duration {
	date, err := http.ParseTime(answer.Response.Header.Get("Date"))
	if err != nil {
		return 0
	}
	if answer.Response.Request == nil {
		return 0
	}
	ours, err := time.Parse("20060102T150405Z", answer.Response.Request.Header.Get("X-Amz-Date"))
	if err != nil {
		return 0
	}
	return ours.Sub(date)
}

// rule maps answers to a class. Empty fields match everything; the first rule
// that matches holds.
type rule struct {
	code, text string // text is a part of the message
	class      error
	sentence   string // in which STS stands for the place that was asked
}

// rules are AWS's texts as they were met: those of MFA all come under
// AccessDenied and differ by their words alone.
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
var rules = []rule{
	{"AccessDenied", "invalid MFA one time pass code", credproc.ErrCodeRefused, "AWS refused the MFA code: it is wrong, or was used before"},
	{"AccessDenied", "unable to validate MFA code", credproc.ErrDeviceRefused, "AWS refused the MFA device: its serial number is wrong, or it is not this user's"},
	{"AccessDenied", "must provide both MFA serial number", credproc.ErrInvalid, "AWS wants both the serial number of the MFA device and its code"},
	{"AccessDenied", "with session credentials", credproc.ErrDenied, "AWS makes sessions of long-term access keys only, and these are temporary"},
	{"AccessDenied", "by root accounts", credproc.ErrDenied, "AWS lets no root user assume a role: use an IAM user's key"},
	{"AccessDenied", "", credproc.ErrDenied, "AWS denied the call"},
	{"SignatureDoesNotMatch", "Signature expired", credproc.ErrClock, ""},
	{"SignatureDoesNotMatch", "Signature not yet current", credproc.ErrClock, ""},
	{"RequestExpired", "", credproc.ErrClock, ""},
	{"RequestTimeTooSkewed", "", credproc.ErrClock, ""},
	{"RequestInTheFuture", "", credproc.ErrClock, ""},
	{"SignatureDoesNotMatch", "Credential should be scoped", credproc.ErrInvalid, "AWS refused the region of the signature"},
	{"SignatureDoesNotMatch", "", credproc.ErrKeyRefused, "AWS knows the access key, but the secret is not the one that belongs to it"},
	// So it is with a key of another partition, and in a region that the
	// account has not enabled: the place is a part of what is wrong.
	{"InvalidClientTokenId", "", credproc.ErrKeyRefused, "AWS does not know the access key at STS, or it is inactive"},
	{"UnrecognizedClientException", "", credproc.ErrKeyRefused, "AWS does not know the access key at STS, or it is inactive"},
	{"MissingAuthenticationToken", "", credproc.ErrKeyRefused, "AWS got no signature"},
	{"IncompleteSignature", "", credproc.ErrKeyRefused, "AWS cannot read the signature"},
	{"ExpiredToken", "", credproc.ErrExpired, "the credentials that sign have expired"},
	{"ExpiredTokenException", "", credproc.ErrExpired, "the credentials that sign have expired"},
	{"ValidationError", "'tokenCode'", credproc.ErrCodeRefused, "AWS refused the MFA code: it must have 6 digits"},
	{"ValidationError", "'serialNumber'", credproc.ErrDeviceRefused, "AWS refused the MFA device: that is no serial number"},
	{"ValidationError", "role chaining", credproc.ErrInvalid, "AWS limits the session of a role that is assumed with temporary credentials to 1 hour"},
	{"ValidationError", "MaxSessionDuration", credproc.ErrInvalid, "the role does not allow sessions that long"},
	{"RegionDisabledException", "", credproc.ErrInvalid, "STS is not activated for this account"},
	{"OptInRequired", "", credproc.ErrDenied, "the account is not signed up for this service"},
}

// classify finds the class of an answer and says it plainly.
func (r *request) classify(e *credproc.RefusalError) (sentence string, class error) {
	for _, rule := range rules {
		if rule.code == e.Code && strings.Contains(e.Message, rule.text) {
			return strings.ReplaceAll(rule.sentence, "STS", r.place), rule.class
		}
	}
	_, throttled := retry.DefaultThrottleErrorCodes[e.Code]
	switch {
	case throttled, e.Status == http.StatusTooManyRequests:
		return "AWS asks to slow down", credproc.ErrThrottled
	case e.Status >= http.StatusInternalServerError:
		return "AWS failed on its side", credproc.ErrUnavailable
	case e.Status < http.StatusBadRequest: // a redirect, or an answer of another program
		return "what answered at " + r.place + " is not STS", credproc.ErrUnavailable
	case e.Status == http.StatusForbidden:
		return "AWS denied the call", credproc.ErrDenied
	}
	return "AWS refused a parameter", credproc.ErrInvalid
}

// maxMessage bounds AWS's words in our errors.
const maxMessage = 600

// clean makes a message fit for a terminal and a log: its first line, without
// control characters, of bounded length, and without the code that was sent.
// What follows the first line may be the canonical request, with the session
// token in it.
func (r *request) clean(message string) string {
	message, _, _ = strings.Cut(strings.TrimSpace(message), "\n")
	message, _, _ = strings.Cut(message, "The Canonical String")
	if r.mfa.Code != "" {
		message = strings.ReplaceAll(message, "'"+r.mfa.Code+"'", "[redacted]")
	}
	return printable(message)
}

func printable(s string) string {
	s = strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, s)
	if runes := []rune(s); len(runes) > maxMessage {
		return string(runes[:maxMessage]) + "…"
	}
	return s
}
