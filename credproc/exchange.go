package credproc

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/mfad/mfad/credproc/sigv4"
)

// exchanger makes exchanges at STS, with what they need of the outside.
type exchanger struct {
	codes  Codes
	trust  Trust
	dialer Dialer
	clock  clock
	log    *slog.Logger

	skew skew
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

// open begins an exchange at the stage's endpoint, which must be AWS's or
// trusted: whoever answers there could keep a code and use it.
func (d *exchanger) open(ctx context.Context, s stage, ask Asker) (*exchange, error) {
	at := s.step().Exchange().Endpoint
	if at.URL.Text != "" {
		waitingFor(ask, "waiting to know whether "+at.URL.Text+" is trusted")
		if err := d.trust.Endpoint(ctx, s.id.Key, at.URL.Text, ask); err != nil {
			return nil, fmt.Errorf("endpoint %s (%s): %w", at.URL.Text, at.URL.Origin, err)
		}
	}
	client, err := d.dialer.STS(at, func(skew time.Duration) { d.skew.observe(skew, d.codes.Skew) })
	if err != nil {
		return nil, err
	}
	return &exchange{d, s, client, ask}, nil
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
	return x.withCode(ctx, session, func(ctx context.Context) error {
		_, _, err := x.client.CallerIdentity(ctx, by)
		return err
	})
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
	if creds.AccessKeyID == "" || creds.SecretAccessKey == "" || creds.SessionToken == "" || creds.Expiration.IsZero() {
		return Credentials{}, x.explain(fmt.Errorf("STS answered without credentials: %w", ErrUnavailable))
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
