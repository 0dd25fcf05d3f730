package sts

import (
	"cmp"
	"context"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/mfad/mfad/credproc"
)

// request is one call, with what is needed to tell of its end.
type request struct {
	op, place string
	by        credproc.Credentials
	mfa       credproc.MFA
	connected atomic.Bool
}

// trace notices when a connection is ready to be written to, TLS and proxy
// included. Until then no byte of the request can have left. It also hands the
// signer what signs in place of a secret.
func (r *request) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(withDays(ctx, r.by.Signer), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { r.connected.Store(true) },
	})
}

// credentials takes AWS's answer over.
func (r *request) credentials(c *types.Credentials, arn string) (credproc.Credentials, error) {
	if c == nil || c.AccessKeyId == nil || c.SecretAccessKey == nil || c.SessionToken == nil || c.Expiration == nil {
		return credproc.Credentials{}, fmt.Errorf("%s: %w: the answer of %s lacks credentials", r.op, credproc.ErrUnavailable, r.place)
	}
	return credproc.Credentials{
		AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken,
		Expiration: c.Expiration.UTC(), ARN: arn, AccountID: cmp.Or(credproc.AccountOf(arn), accountOfKey(*c.AccessKeyId)),
	}, nil
}

// accountOfKey reads the account out of an access key id: AWS keeps it in 40
// bits of the base32 after the prefix, behind a first bit that is set; older
// ids, where it is not, tell nothing. What AWS offers for it is a call,
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html.
func accountOfKey(keyID string) string {
	const prefix, size, first = 4, 20, 1 << 63
	if len(keyID) != size {
		return ""
	}
	raw, err := base32.StdEncoding.DecodeString(keyID[prefix:])
	if err != nil {
		return ""
	}
	bits := binary.BigEndian.Uint64(raw)
	if bits&first == 0 {
		return ""
	}
	return fmt.Sprintf("%012d", bits&^first>>23)
}

// transportError tells of a request that got no answer, and whether AWS can
// have seen it.
func (r *request) transportError(ctx context.Context, err error) error {
	if why, ok := errors.AsType[*unsignedError](err); ok { // without the SDK's words around it
		return fmt.Errorf("%s: %w to %s: %w", r.op, credproc.ErrUnsent, r.place, why)
	}
	if gone := ctx.Err(); gone != nil {
		if !r.connected.Load() {
			return fmt.Errorf("%s: %w to %s: %w", r.op, credproc.ErrUnsent, r.place, gone)
		}
		return fmt.Errorf("%s: waiting for %s: %w", r.op, r.place, gone)
	}
	var send *smithyhttp.RequestSendError
	sending := errors.As(err, &send)
	if !sending && !r.connected.Load() { // a parameter or the endpoint is at fault
		return fmt.Errorf("%s: %w to %s: %w: %s", r.op, credproc.ErrUnsent, r.place, credproc.ErrInvalid, oneLine(err))
	}
	cause := err
	if sending {
		cause = send.Err
	}
	var u *url.Error // its text repeats the URL
	if errors.As(cause, &u) {
		cause = u.Err
	}
	if !r.connected.Load() {
		return fmt.Errorf("%s: %w: cannot connect to %s: %w (%w)", r.op, credproc.ErrUnavailable, r.place, cause, credproc.ErrUnsent)
	}
	return fmt.Errorf("%s: %w: no answer from %s: %w", r.op, credproc.ErrUnavailable, r.place, cause)
}

// oneLine is the text of an error of the SDK's own, without the words that it
// puts around each.
func oneLine(err error) string {
	var op *smithy.OperationError
	if errors.As(err, &op) {
		err = op.Err
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}
