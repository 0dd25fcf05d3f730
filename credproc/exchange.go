package credproc

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/sigv4"
)

// exchanger makes exchanges at STS, with what they need of the outside.
type exchanger struct {
	codes  Codes
	trust  Trust
	dialer Dialer
	clock  clock
	log    *slog.Logger

	skew     skew
	refusals refusals
	heard    atomic.Pointer[STS] // the endpoint that was asked last
}

// exchange is one stage's business with STS.
type exchange struct {
	*exchanger
	stage
	client STS
	ask    Asker
}

// send is one request to STS, but for the code.
type send func(ctx context.Context, mfa MFA) (Credentials, error)

// open begins an exchange at the stage's endpoint, whose route must be AWS's own or
// trusted: whoever sees what goes there could keep a code and use it.
func (d *exchanger) open(ctx context.Context, s stage, ask Asker) (*exchange, error) {
	at := s.step().Exchange().Endpoint
	client, err := d.dial(at)
	if err != nil {
		return nil, err
	}
	if route := client.Route(); route != (Route{}) {
		waitingFor(ask, "waiting to know whether "+route.String()+" is trusted")
		if err := d.trust.Route(ctx, s.id.Key, route, ask); err != nil {
			return nil, routeFault(at, route, err)
		}
	}
	d.heard.Store(&client)
	return &exchange{d, s, client, ask}, nil
}

// dial makes the client of an endpoint, whose clock corrects ours.
func (d *exchanger) dial(at config.Endpoint) (STS, error) {
	return d.dialer.STS(at, func(skew time.Duration) {
		d.skew.observe(skew)
		d.codes.Skew(skew)
	})
}

// routeFault says which setting chose a route that is not trusted.
func routeFault(at config.Endpoint, route Route, err error) error {
	switch {
	case at.URL.Text != "":
		return fmt.Errorf("endpoint %s (%s): %w", at.URL.Text, at.URL.Origin, err)
	case at.CABundle.Text != "":
		return fmt.Errorf("CA bundle %s (%s): %w", at.CABundle.Text, at.CABundle.Origin, err)
	}
	return fmt.Errorf("proxy %s (environment of mfad-agent): %w", route.Proxy, err)
}

// request asks STS for the session, with a code if the stage has a device.
func (x *exchange) request(ctx context.Context, by Credentials) (Credentials, error) {
	if err := x.warm(ctx, by); err != nil {
		return Credentials{}, err
	}
	session := func(ctx context.Context, mfa MFA) (Credentials, error) { return x.hop().send(ctx, x.client, by, mfa) }
	if x.serial().Text == "" {
		return x.withoutCode(ctx, session)
	}
	if err := x.checkWorth(by); err != nil {
		return Credentials{}, err
	}
	creds, err := x.withCode(ctx, session, func(ctx context.Context) error {
		_, _, err := x.client.CallerIdentity(ctx, by)
		return err
	})
	x.refusals.note(question{x.key(), by.AccessKeyID}, err, x.clock.now())
	return creds, err
}

// checkWorth refuses what AWS is known to refuse, before a code is spent on it.
func (x *exchange) checkWorth(by Credentials) error {
	if by.SessionToken != "" && x.hop().role == nil {
		return fmt.Errorf("%w: AWS makes a session with a code of long-term keys alone, and those of %s are temporary:"+
			" take out mfa_serial (%s), or name an access key", ErrInvalid, x.chain.Steps[0].At, x.serial().Origin)
	}
	return x.refusals.find(question{x.key(), by.AccessKeyID}, x.clock.now())
}

// warm has the signing key of today made before a code is taken, which would
// grow old while a token waits for its touch. Whoever makes the key keeps it.
func (x *exchange) warm(ctx context.Context, by Credentials) error {
	if _, atHand := by.Signer.(secretSigner); atHand || by.Signer == nil {
		return nil
	}
	waitingFor(x.ask, "waiting for the token that signs for access key "+by.AccessKeyID)
	key, err := by.Signer.SigningKey(ctx, x.clock.now().wall.UTC().Format(sigv4.DayLayout))
	clear(key)
	return err
}

// complete checks what STS gave, and finds out the account that it speaks for.
func (x *exchange) complete(ctx context.Context, creds Credentials) (Credentials, error) {
	now := x.clock.now().wall.Add(x.skew.now())
	flaw := creds.Flaw()
	if flaw == "" && !creds.Expiration.After(now) {
		flaw = "has credentials that expired at " + formatTime(creds.Expiration)
	}
	if flaw != "" {
		return Credentials{}, x.explain(fmt.Errorf("%w: the answer of %s %s", ErrNoService, x.hop().Endpoint.Place("STS"), flaw))
	}
	creds, err := creds.bounded(now, x.hop().longest())
	if err != nil {
		return Credentials{}, x.explain(err)
	}
	creds.AccountID = cmp.Or(creds.AccountID, AccountOf(creds.ARN), AccountOf(x.hop().roleARN()), AccountOf(x.serial().Text))
	if creds.AccountID == "" {
		account, arn, err := x.client.CallerIdentity(ctx, creds)
		if err != nil {
			x.log.Info("account not known", "key", creds.AccessKeyID, "error", err)
		}
		creds.AccountID, creds.ARN = account, cmp.Or(creds.ARN, arn)
	}
	return creds, nil
}
