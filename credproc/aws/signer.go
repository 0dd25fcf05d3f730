package aws

import (
	"context"
	"net/http"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/sigv4"
)

// Signer signs with a given clock instead of the SDK's, and keeps nothing: the
// SDK's signer remembers the key that it derived under the access key id, in
// plain memory, and signs with it even when the secret has changed. It fits
// the HTTPSignerV4 of every service's options.
type Signer struct{ now func() time.Time }

// SignHTTP signs as the SDK's own signer does. Credentials without a secret
// sign by the [credproc.Signer] of the call that ctx belongs to.
func (s Signer) SignHTTP(
	ctx context.Context, by sdk.Credentials, r *http.Request, payload, service, region string, _ time.Time,
	options ...func(*v4.SignerOptions),
) error {
	signer, ok := ctx.Value(signerKey{}).(credproc.Signer)
	if !ok {
		return v4.NewSigner().SignHTTP(ctx, by, r, payload, service, region, s.now(), options...)
	}
	key := sigv4.Key{ID: by.AccessKeyID, SessionToken: by.SessionToken, Day: signer.SigningKey}
	terms := sigv4.Terms{Service: service, Region: region, At: s.now(), Payload: payload}
	if err := sigv4.Sign(ctx, r, terms, key); err != nil {
		return &unsignedError{err}
	}
	return nil
}

// noSecret stands where the SDK wants a secret; it signs nothing.
const noSecret = "on a token"

// signerKey is under what the context of a call has what signs in place of a
// secret: the SDK settles on a client's signer when it makes the client.
type signerKey struct{}

func withSigner(ctx context.Context, signer credproc.Signer) context.Context {
	if signer == nil {
		return ctx
	}
	return context.WithValue(ctx, signerKey{}, signer)
}

// unsignedError is a request that was not signed. It is credproc.ErrUnsigned.
type unsignedError struct{ cause error }

func (e *unsignedError) Error() string   { return e.cause.Error() }
func (e *unsignedError) Unwrap() []error { return []error{e.cause, credproc.ErrUnsigned} }
