// Package aws is what the clients of AWS's services share: connections, the
// signature, AWS's clock, attempts, and the meaning of answers that are none.
//
// A service, such as package sts, asks a [Pool] for a [Service] and makes the
// client of aws-sdk-go-v2 of its Config and Signer; each request is a [Call],
// which gives the SDK its context and options, and tells the SDK's errors in
// the words and classes of package credproc. What AWS refuses in the service's
// own words stands in rows that the service brings: [Refusal].
//
// The package reads no configuration of its own: no shared file, no AWS_*
// variable. All that decides where a request goes is the [config.Endpoint] and
// the proxy variables of the process's environment. It keeps no credentials,
// asks nobody, knows no operation of any service, and never has a request that
// carries an MFA code sent twice.
package aws

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

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

// Target is the service that is asked, and where.
type Target struct {
	Name string // for people, such as "STS"
	At   config.Endpoint
	// Refusals are the service's own; they come before those of all services.
	Refusals []Refusal
	// Now is the clock that signs and that is compared with AWS's; nil is
	// time.Now.
	Now func() time.Time
	// Observe, which may be nil, is told after each answer what to add to our
	// clock to have AWS's: zero when the difference is no more than the whole
	// seconds of a Date header and the round trip explain.
	Observe func(skew time.Duration)
}

// Service is a service of AWS at one endpoint.
type Service struct {
	// Config makes the service's client by its NewFromConfig. Set the client's
	// HTTPSignerV4 to Signer.
	Config sdk.Config
	Signer Signer

	// CA is the hash of the CA bundle; empty: the system's roots.
	CA string

	http     *httpClient
	name     string
	where    string // the service and its endpoint, for people
	refusals []Refusal
}

// Service prepares the client of a service. It sends nothing; it returns an
// error that wraps credproc.ErrInvalid when the CA bundle cannot be used or the
// URL is none.
func (p *Pool) Service(t Target) (*Service, error) {
	http, hash, err := p.client(t.At.CABundle.Text)
	if err != nil {
		return nil, err
	}
	if t.Now == nil {
		t.Now = time.Now
	}
	timed := &httpClient{http, t.Now, t.Observe}
	s := &Service{
		http: timed,
		Config: sdk.Config{
			Region:     t.At.Region.Text,
			HTTPClient: timed,
			// A clock that is far off is for the person to set right: the
			// sessions' ends would be misjudged too.
			DisableClockSkewCorrection: true,
			Retryer: func() sdk.Retryer {
				return retry.NewStandard(func(o *retry.StandardOptions) {
					o.MaxAttempts, o.Backoff = maxAttempts, retry.BackoffDelayerFunc(pause)
				})
			},
			ConfigSources: []any{variant{t.At.FIPS, t.At.DualStack}},
		},
		Signer: Signer{t.Now}, CA: hash, refusals: t.Refusals,
		name: t.Name, where: t.At.Place(t.Name),
	}
	if custom := t.At.URL; custom.Text != "" {
		u, err := url.Parse(custom.Text)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, fmt.Errorf("%w: the endpoint %q of %s is not an http or https URL", credproc.ErrInvalid, custom.Text, custom.Origin)
		}
		s.Config.BaseEndpoint = &custom.Text
	}
	return s, nil
}

// variant tells the SDK which of AWS's endpoints to derive. These two are asked
// of a source of the configuration and are no fields of it.
type variant struct{ fips, dualStack bool }

// GetUseFIPSEndpoint is what the SDK asks of its sources.
func (v variant) GetUseFIPSEndpoint(context.Context) (sdk.FIPSEndpointState, bool, error) {
	if v.fips {
		return sdk.FIPSEndpointStateEnabled, true, nil
	}
	return sdk.FIPSEndpointStateDisabled, true, nil
}

// GetUseDualStackEndpoint is what the SDK asks of its sources.
func (v variant) GetUseDualStackEndpoint(context.Context) (sdk.DualStackEndpointState, bool, error) {
	if v.dualStack {
		return sdk.DualStackEndpointStateEnabled, true, nil
	}
	return sdk.DualStackEndpointStateDisabled, true, nil
}
