package credproc

import (
	"context"
	"time"

	"github.com/mfad/mfad/credproc/config"
)

// MFA is what proves possession of a device in a request.
type MFA struct{ Serial, Code string }

// STS is AWS's Security Token Service at one endpoint. An error is a
// [*RefusalError] when the service answered, wraps ErrUnsent when the request
// cannot have reached it, and is anything else when that is not known. No
// call is ever sent twice by the implementation when it carries a code.
type STS interface {
	// Route is how requests get there.
	Route() Route
	// GetSessionToken makes a session of a long-term key; duration 0 is AWS's default.
	GetSessionToken(ctx context.Context, by Credentials, mfa MFA, duration time.Duration) (Credentials, error)
	// AssumeRole assumes the role of a step, with a code if mfa is set.
	AssumeRole(ctx context.Context, by Credentials, role RoleRequest, mfa MFA) (Credentials, error)
	// Time has the service tell its time, to who observes it: no signature is
	// sent, and nothing that is secret.
	Time(ctx context.Context) error
	// CallerIdentity says whose credentials these are: account and ARN.
	CallerIdentity(ctx context.Context, by Credentials) (account, arn string, err error)
}

// RoleRequest is what AssumeRole is asked, beside who asks.
type RoleRequest struct {
	RoleARN, SessionName, ExternalID string
	Duration                         time.Duration // 0 is AWS's default
	Tags                             []config.Tag
	TransitiveTags                   []string
	SourceIdentity                   string
	Policy                           string
	PolicyARNs                       []string
}

// Dialer makes the STS client of an endpoint. Observe, when the client learns
// AWS's clock, is called with the time to add to ours.
type Dialer interface {
	STS(at config.Endpoint, observe func(skew time.Duration)) (STS, error)
}
