// Package sts speaks with AWS's Security Token Service, through aws-sdk-go-v2's
// client, for package credproc.
//
// It reads no configuration of its own: no shared file, no AWS_* variable. All
// that decides where a request goes is the [config.Endpoint] that it is given,
// and the proxy variables of the process's environment. It keeps no
// credentials, asks nobody, and never sends a request that carries an MFA code
// twice.
package sts

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
)

// What a request without a code is worth when AWS fails or asks to slow down.
// Somebody waits for the answer, and the broker serves a session that still
// lives meanwhile: so no more than 2 s of pauses.
const (
	maxAttempts = 4
	firstPause  = 250 * time.Millisecond
)

// pause is how long to wait after an attempt, counted from 1: twice as long
// each time, of which half is chance, so that callers do not march in step.
func pause(attempt int, _ error) (time.Duration, error) {
	whole := firstPause << (attempt - 1)
	return whole/2 + rand.N(whole/2), nil
}

// Dialer makes clients of STS. Its zero value is ready; it must not be copied
// after first use. Clients of one CA bundle share their connections.
type Dialer struct {
	// Now is the clock that signs and that is compared with AWS's; nil is
	// time.Now.
	Now func() time.Time

	pool pool
}

var _ credproc.Dialer = (*Dialer)(nil)

// STS returns the client of an endpoint. It sends nothing; it returns an error
// that wraps credproc.ErrInvalid when the CA bundle cannot be used or the URL
// is none. Observe, which may be nil, is told after each answer what to add to
// our clock to have AWS's: zero when the difference is no more than the whole
// seconds of a Date header and the round trip explain.
func (d *Dialer) STS(at config.Endpoint, observe func(skew time.Duration)) (credproc.STS, error) {
	hc, err := d.pool.client(at.CABundle.Text)
	if err != nil {
		return nil, err
	}
	now := d.Now
	if now == nil {
		now = time.Now
	}
	options := sts.Options{
		Region:       at.Region.Text,
		HTTPClient:   &httpClient{hc, now, observe},
		HTTPSignerV4: signer{now},
		// A clock that is far off is for the person to set right: the sessions'
		// ends would be misjudged too.
		DisableClockSkewCorrection: true,
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.Backoff = maxAttempts, retry.BackoffDelayerFunc(pause)
		}),
	}
	options.EndpointOptions.UseFIPSEndpoint = fipsState(at.FIPS)
	options.EndpointOptions.UseDualStackEndpoint = dualStackState(at.DualStack)
	place := "STS in " + at.Region.Text
	if at.URL.Text != "" {
		u, err := url.Parse(at.URL.Text)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, fmt.Errorf("%w: the endpoint %q of %s is not an http or https URL", credproc.ErrInvalid, at.URL.Text, at.URL.Origin)
		}
		options.BaseEndpoint = &at.URL.Text
		place = u.Redacted()
	}
	return &client{sdk: sts.New(options), place: place}, nil
}

// Close closes the connections that are idle. The Dialer may be used further.
func (d *Dialer) Close() { d.pool.close() }

func fipsState(on bool) aws.FIPSEndpointState {
	if on {
		return aws.FIPSEndpointStateEnabled
	}
	return aws.FIPSEndpointStateDisabled
}

func dualStackState(on bool) aws.DualStackEndpointState {
	if on {
		return aws.DualStackEndpointStateEnabled
	}
	return aws.DualStackEndpointStateDisabled
}

// client is STS at one endpoint.
type client struct {
	sdk   *sts.Client
	place string // for people
}

var _ credproc.STS = (*client)(nil)

// GetSessionToken implements credproc.STS.
func (c *client) GetSessionToken(ctx context.Context, by credproc.Credentials, mfa credproc.MFA, duration time.Duration) (credproc.Credentials, error) {
	in := &sts.GetSessionTokenInput{
		DurationSeconds: seconds(duration), SerialNumber: optional(mfa.Serial), TokenCode: optional(mfa.Code),
	}
	req := c.request("GetSessionToken", by, mfa)
	out, err := c.sdk.GetSessionToken(req.trace(ctx), in, req.options)
	if err != nil {
		return credproc.Credentials{}, req.explain(ctx, err)
	}
	// A session speaks for the identity that asked for it.
	return req.credentials(out.Credentials, by.ARN)
}

// AssumeRole implements credproc.STS.
func (c *client) AssumeRole(ctx context.Context, by credproc.Credentials, role credproc.RoleRequest, mfa credproc.MFA) (credproc.Credentials, error) {
	in := &sts.AssumeRoleInput{
		RoleArn: &role.RoleARN, RoleSessionName: optional(role.SessionName), ExternalId: optional(role.ExternalID),
		DurationSeconds: seconds(role.Duration), SerialNumber: optional(mfa.Serial), TokenCode: optional(mfa.Code),
		SourceIdentity: optional(role.SourceIdentity), Policy: optional(role.Policy), TransitiveTagKeys: role.TransitiveTags,
	}
	for _, tag := range role.Tags {
		in.Tags = append(in.Tags, types.Tag{Key: &tag.Key, Value: &tag.Value})
	}
	for _, arn := range role.PolicyARNs {
		in.PolicyArns = append(in.PolicyArns, types.PolicyDescriptorType{Arn: &arn})
	}
	req := c.request("AssumeRole", by, mfa)
	out, err := c.sdk.AssumeRole(req.trace(ctx), in, req.options)
	if err != nil {
		return credproc.Credentials{}, req.explain(ctx, err)
	}
	arn := role.RoleARN
	if out.AssumedRoleUser != nil && out.AssumedRoleUser.Arn != nil {
		arn = *out.AssumedRoleUser.Arn
	}
	return req.credentials(out.Credentials, arn)
}

// CallerIdentity implements credproc.STS.
func (c *client) CallerIdentity(ctx context.Context, by credproc.Credentials) (account, arn string, err error) {
	req := c.request("GetCallerIdentity", by, credproc.MFA{})
	out, err := c.sdk.GetCallerIdentity(req.trace(ctx), &sts.GetCallerIdentityInput{}, req.options)
	if err != nil {
		return "", "", req.explain(ctx, err)
	}
	return aws.ToString(out.Account), aws.ToString(out.Arn), nil
}

func (c *client) request(op string, by credproc.Credentials, mfa credproc.MFA) *request {
	return &request{op: op, place: c.place, by: by, mfa: mfa}
}

// options are those of one call: who signs, and a single attempt when a code
// is carried.
func (r *request) options(o *sts.Options) {
	secret := r.by.SecretAccessKey
	if r.by.Signer != nil {
		secret = noSecret
	}
	o.Credentials = credentials.NewStaticCredentialsProvider(r.by.AccessKeyID, secret, r.by.SessionToken)
	if r.mfa.Code != "" {
		o.Retryer = aws.NopRetryer{}
	}
}

// optional leaves a parameter out when it is empty.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// seconds leaves the duration out when it is zero: AWS's default holds.
func seconds(d time.Duration) *int32 {
	if d == 0 {
		return nil
	}
	return aws.Int32(int32(d / time.Second))
}
