package aws

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptrace"
	"strings"
	"sync/atomic"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/line"
)

// Call is one request to a service, with what is needed to tell of its end.
type Call struct {
	service   *Service
	op        string
	by        credproc.Credentials
	code      string
	connected atomic.Bool
}

// Call begins a request: op is the operation's name, by signs, and code is the
// MFA code that it carries, if any: then it is sent once, and no error shows
// the code.
func (s *Service) Call(op string, by credproc.Credentials, code string) *Call {
	return &Call{service: s, op: op, by: by, code: code}
}

// Context is the context for the SDK. It notices when a connection is ready to
// be written to, TLS and proxy included: until then no byte of the request can
// have left. It also hands the signer what signs in place of a secret.
func (c *Call) Context(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(withSigner(ctx, c.by.Signer), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { c.connected.Store(true) },
	})
}

// Credentials are who signs, for the SDK.
func (c *Call) Credentials() sdk.CredentialsProvider {
	secret := c.by.SecretAccessKey
	if c.by.Signer != nil {
		secret = noSecret
	}
	return credentials.NewStaticCredentialsProvider(c.by.AccessKeyID, secret, c.by.SessionToken)
}

// Retryer is the client's own, or a single attempt when a code is carried.
func (c *Call) Retryer(own sdk.Retryer) sdk.Retryer {
	if c.code != "" {
		return sdk.NopRetryer{}
	}
	return own
}

// Flawed is the error of an answer that is not what was asked for; flaw ends a
// sentence about it, as in "has no credentials".
func (c *Call) Flawed(flaw string) error {
	return fmt.Errorf("%s: %w: the answer of %s %s", c.op, credproc.ErrNoService, c.service.where, flaw)
}

// transportError tells of a request that got no answer, and whether AWS can
// have seen it.
func (c *Call) transportError(ctx context.Context, err error) error {
	if why, ok := errors.AsType[*unsignedError](err); ok { // without the SDK's words around it
		return fmt.Errorf("%s: %w to %s: %w", c.op, credproc.ErrUnsent, c.service.where, why)
	}
	if gone := ctx.Err(); gone != nil {
		if !c.connected.Load() {
			return fmt.Errorf("%s: %w to %s: %w", c.op, credproc.ErrUnsent, c.service.where, gone)
		}
		return fmt.Errorf("%s: waiting for %s: %w", c.op, c.service.where, gone)
	}
	if broken := brokenOff(err); broken != nil {
		return fmt.Errorf("%s: %w: %s: %w", c.op, credproc.ErrUnavailable, c.service.where, broken)
	}
	var send *smithyhttp.RequestSendError
	sending := errors.As(err, &send)
	if !sending && !c.connected.Load() { // a parameter or the endpoint is at fault
		return fmt.Errorf("%s: %w to %s: %w: %s", c.op, credproc.ErrUnsent, c.service.where, credproc.ErrInvalid, plainText(err))
	}
	cause := err
	if sending {
		cause = send.Err
	}
	cause = withoutURL(cause)
	if isOther(cause) {
		cause = fmt.Errorf("%w (%w)", cause, credproc.ErrNoService)
	}
	if !c.connected.Load() {
		return fmt.Errorf("%s: %w: cannot connect to %s: %w (%w)",
			c.op, credproc.ErrUnavailable, c.service.where, cause, credproc.ErrUnsent)
	}
	return fmt.Errorf("%s: %w: no answer from %s: %w", c.op, credproc.ErrUnavailable, c.service.where, cause)
}

// plainText is the text of an error of the SDK's own, without the words that it
// puts around each.
func plainText(err error) string {
	var op *smithy.OperationError
	if errors.As(err, &op) {
		err = op.Err
	}
	return line.One(strings.Join(strings.Fields(err.Error()), " "))
}
