package credproc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/sigv4"
)

// send is one request to STS, but for the code.
type send func(ctx context.Context, mfa MFA) (Credentials, error)

// call is what can be asked with the keys of the leg below: the session, and
// what time it is, for AWS dates each answer.
type call struct {
	session send
	time    func(ctx context.Context) error
}

// exchange makes the session of a leg by asking STS, signed by the leg below.
// When a session that signs turns out to be refused, it is made once more.
func (b *Broker) exchange(ctx context.Context, l leg, ask Asker) (Credentials, error) {
	client, err := b.dial(ctx, l, ask)
	if err != nil {
		return Credentials{}, l.explain(err)
	}
	for again := false; ; again = true {
		by, err := b.reach(ctx, l.below(), ask)
		if err != nil {
			return Credentials{}, err
		}
		creds, err := b.request(ctx, l, client, by.Credentials, ask)
		by.release()
		if err == nil {
			return b.complete(ctx, l, client, creds)
		}
		if again || !by.cached || !signerRefused(err) {
			return Credentials{}, l.explain(err)
		}
		b.cache.drop(l.below().key(), by.AccessKeyID)
	}
}

// signerRefused says that AWS does not know, or know any more, the session that signed.
func signerRefused(err error) bool {
	return errors.Is(err, ErrExpired) || errors.Is(err, ErrKeyRefused)
}

// explain says which step went wrong.
func (l leg) explain(err error) error {
	step := l.step()
	if step.Kind == config.Role {
		return fmt.Errorf("assuming role %s (%s): %w", step.RoleARN.Text, step.RoleARN.Origin, err)
	}
	if step.Serial.Text != "" {
		return fmt.Errorf("making a session with MFA device %s (%s): %w", step.Serial.Text, step.Serial.Origin, err)
	}
	return fmt.Errorf("making a session of %s: %w", l.source, err)
}

// dial makes the client of a leg's endpoint, which must be AWS's or trusted:
// whoever answers there could keep a code and use it.
func (b *Broker) dial(ctx context.Context, l leg, ask Asker) (STS, error) {
	at := l.step().Endpoint
	if at.URL.Text != "" {
		waitingFor(ask, "waiting to know whether "+at.URL.Text+" is trusted")
		if err := b.trust.Endpoint(ctx, l.source, at.URL.Text, ask); err != nil {
			return nil, fmt.Errorf("endpoint %s (%s): %w", at.URL.Text, at.URL.Origin, err)
		}
	}
	return b.dialer.STS(at, func(d time.Duration) { b.skew.observe(d, b.codes.Skew) })
}

// request asks STS for a leg's session, with a code if the leg has a device.
func (b *Broker) request(ctx context.Context, l leg, client STS, by Credentials, ask Asker) (Credentials, error) {
	if err := b.warm(ctx, by, ask); err != nil {
		return Credentials{}, err
	}
	step := l.step()
	role := b.role(step)
	to := call{
		session: func(ctx context.Context, mfa MFA) (Credentials, error) {
			if step.Kind == config.Session {
				return client.GetSessionToken(ctx, by, mfa, role.Duration)
			}
			return client.AssumeRole(ctx, by, role, mfa)
		},
		time: func(ctx context.Context) error {
			_, _, err := client.CallerIdentity(ctx, by)
			return err
		},
	}
	if step.Serial.Text != "" {
		return b.withCode(ctx, l, ask, to)
	}
	return b.withoutCode(ctx, ask, to.session)
}

// warm has the signing key of today made before a code is taken, which would
// grow old while a token waits for its touch. Whoever makes the key keeps it.
func (b *Broker) warm(ctx context.Context, by Credentials, ask Asker) error {
	if by.Signer == nil {
		return nil
	}
	waitingFor(ask, "waiting for the token that signs for access key "+by.AccessKeyID)
	key, err := by.Signer.SigningKey(ctx, b.clock.now().wall.UTC().Format(sigv4.DayLayout))
	clear(key)
	return err
}

func (b *Broker) role(step *config.Step) RoleRequest {
	return RoleRequest{
		RoleARN: step.RoleARN.Text, SessionName: b.sessionName(step), ExternalID: step.ExternalID.Text,
		Duration: step.Duration.Length(), Tags: step.Tags, TransitiveTags: step.TransitiveTags,
		SourceIdentity: step.SourceIdentity.Text, Policy: step.Policy.Text, PolicyARNs: step.PolicyARNs,
	}
}

// complete checks what STS gave, and finds out the account that it speaks for.
func (b *Broker) complete(ctx context.Context, l leg, client STS, creds Credentials) (Credentials, error) {
	if creds.AccessKeyID == "" || creds.SecretAccessKey == "" || creds.SessionToken == "" || creds.Expiration.IsZero() {
		return Credentials{}, l.explain(fmt.Errorf("STS answered without credentials: %w", ErrUnavailable))
	}
	step := l.step()
	creds.AccountID = cmp.Or(creds.AccountID, AccountOf(creds.ARN), AccountOf(step.RoleARN.Text), AccountOf(step.Serial.Text))
	if creds.AccountID == "" {
		account, arn, err := client.CallerIdentity(ctx, creds)
		if err != nil {
			b.log.Info("account not known", "key", creds.AccessKeyID, "error", err)
		}
		creds.AccountID, creds.ARN = account, cmp.Or(creds.ARN, arn)
	}
	return creds, nil
}

// skew is the time to add to our wall clock to have AWS's, as last seen.
type skew struct {
	known atomic.Bool
	time  atomic.Int64 // a time.Duration
	turns atomic.Int64 // counts the changes
}

// skewGrain is the change that matters: a Date header has whole seconds.
const skewGrain = 2 * time.Second

// observe takes what an answer says, and calls tell when it is news.
func (s *skew) observe(d time.Duration, tell func(time.Duration)) {
	first := !s.known.Swap(true)
	change := (d - s.now()).Abs() >= skewGrain
	if !first && !change {
		return
	}
	s.time.Store(int64(d))
	if change {
		s.turns.Add(1)
	}
	tell(d)
}

func (s *skew) now() time.Duration { return time.Duration(s.time.Load()) }
