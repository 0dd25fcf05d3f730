package sts

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/sigv4"
)

// noSecret stands where the SDK wants a secret; it signs nothing.
const noSecret = "on a token"

// daysKey is under what the context of a request has its signing keys: the SDK
// settles on a client's signer when it makes the client.
type daysKey struct{}

func withDays(ctx context.Context, days credproc.Signer) context.Context {
	if days == nil {
		return ctx
	}
	return context.WithValue(ctx, daysKey{}, days)
}

func signByDay(ctx context.Context, by aws.Credentials, r *http.Request, payload, service, region string, at time.Time, days credproc.Signer) error {
	key := sigv4.Key{ID: by.AccessKeyID, SessionToken: by.SessionToken, Day: days.SigningKey}
	if err := sigv4.Sign(ctx, r, sigv4.Terms{Service: service, Region: region, At: at, Payload: payload}, key); err != nil {
		return &unsignedError{err}
	}
	return nil
}

// unsignedError is a request that was not signed. It is credproc.ErrUnsigned.
type unsignedError struct{ cause error }

func (e *unsignedError) Error() string        { return e.cause.Error() }
func (e *unsignedError) Unwrap() error        { return e.cause }
func (e *unsignedError) Is(target error) bool { return target == credproc.ErrUnsigned }
