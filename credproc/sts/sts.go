// Package sts speaks with AWS's Security Token Service, through aws-sdk-go-v2's
// client, for package credproc.
//
// It knows STS's operations and the words by which STS refuses an MFA code or a
// device. What all services of AWS have in common, such as connections, the
// signature and the general refusals, is in package aws below it. It keeps no
// credentials, asks nobody, and never sends a request that carries an MFA code
// twice.
package sts

import (
	"context"
	"fmt"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/aws"
	"github.com/mfad/mfad/credproc/config"
)

// Dialer makes clients of STS. Its zero value is ready; it must not be copied
// after first use. Clients of one CA bundle share their connections.
type Dialer struct {
	// Now is the clock that signs and that is compared with AWS's; nil is
	// time.Now.
	Now func() time.Time

	pool aws.Pool
}

var _ credproc.Dialer = (*Dialer)(nil)

// STS returns the client of an endpoint. It sends nothing; it returns an error
// that wraps credproc.ErrInvalid when the CA bundle cannot be used or the URL
// is none. Observe, which may be nil, is told after each answer what to add to
// our clock to have AWS's.
func (d *Dialer) STS(at config.Endpoint, observe func(skew time.Duration)) (credproc.STS, error) {
	service, err := d.pool.Service(aws.Target{Name: "STS", At: at, Refusals: refusals, Now: d.Now, Observe: observe})
	if err != nil {
		return nil, err
	}
	made := &client{service: service, sdk: sts.NewFromConfig(service.Config, func(o *sts.Options) { o.HTTPSignerV4 = service.Signer })}
	made.route = credproc.Route{URL: at.URL.Text, Proxy: aws.ProxyFor(address(at)), CA: service.CA}
	return made, nil
}

// address is where requests to an endpoint go; empty when there is none, and no
// request goes.
func address(at config.Endpoint) string {
	params := sts.EndpointParameters{
		Region: &at.Region.Text, UseFIPS: &at.FIPS, UseDualStack: &at.DualStack, Endpoint: optional(at.URL.Text),
	}
	found, err := sts.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), params)
	if err != nil {
		return ""
	}
	return found.URI.String()
}

// Close closes the connections that are idle. The Dialer may be used further.
func (d *Dialer) Close() { d.pool.Close() }

// client is STS at one endpoint.
type client struct {
	service *aws.Service
	sdk     *sts.Client
	route   credproc.Route
}

var _ credproc.STS = (*client)(nil)

// Route implements credproc.STS.
func (c *client) Route() credproc.Route { return c.route }

// GetSessionToken implements credproc.STS.
func (c *client) GetSessionToken(
	ctx context.Context, by credproc.Credentials, mfa credproc.MFA, duration time.Duration,
) (credproc.Credentials, error) {
	in := &sts.GetSessionTokenInput{
		DurationSeconds: seconds(duration), SerialNumber: optional(mfa.Serial), TokenCode: optional(mfa.Code),
	}
	call := c.service.Call("GetSessionToken", by, mfa.Code)
	out, err := c.sdk.GetSessionToken(call.Context(ctx), in, options(call))
	if err != nil {
		return credproc.Credentials{}, call.Explain(ctx, err)
	}
	// A session speaks for the identity that asked for it.
	return take(call, out.Credentials, by.ARN)
}

// AssumeRole implements credproc.STS.
func (c *client) AssumeRole(
	ctx context.Context, by credproc.Credentials, role credproc.RoleRequest, mfa credproc.MFA,
) (credproc.Credentials, error) {
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
	call := c.service.Call("AssumeRole", by, mfa.Code)
	out, err := c.sdk.AssumeRole(call.Context(ctx), in, options(call))
	if err != nil {
		return credproc.Credentials{}, call.Explain(ctx, err)
	}
	arn := role.RoleARN
	if out.AssumedRoleUser != nil && out.AssumedRoleUser.Arn != nil {
		arn = *out.AssumedRoleUser.Arn
	}
	return take(call, out.Credentials, arn)
}

// CallerIdentity implements credproc.STS.
func (c *client) CallerIdentity(ctx context.Context, by credproc.Credentials) (account, arn string, err error) {
	call := c.service.Call("GetCallerIdentity", by, "")
	out, err := c.sdk.GetCallerIdentity(call.Context(ctx), &sts.GetCallerIdentityInput{}, options(call))
	if err != nil {
		return "", "", call.Explain(ctx, err)
	}
	return sdk.ToString(out.Account), sdk.ToString(out.Arn), nil
}

// Time implements credproc.STS.
func (c *client) Time(ctx context.Context) error {
	o := c.sdk.Options()
	params := sts.EndpointParameters{
		Region: &o.Region, Endpoint: o.BaseEndpoint, UseGlobalEndpoint: sdk.Bool(false),
		UseFIPS:      sdk.Bool(o.EndpointOptions.UseFIPSEndpoint == sdk.FIPSEndpointStateEnabled),
		UseDualStack: sdk.Bool(o.EndpointOptions.UseDualStackEndpoint == sdk.DualStackEndpointStateEnabled),
	}
	at, err := o.EndpointResolverV2.ResolveEndpoint(ctx, params)
	if err != nil {
		return fmt.Errorf("%w: %w", credproc.ErrInvalid, err)
	}
	return c.service.Time(ctx, at.URI.String())
}

// options are those of one call: who signs, and how often it is sent.
func options(call *aws.Call) func(*sts.Options) {
	return func(o *sts.Options) { o.Credentials, o.Retryer = call.Credentials(), call.Retryer(o.Retryer) }
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
	return sdk.Int32(int32(d / time.Second))
}
