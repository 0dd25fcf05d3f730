package credproc

import (
	"cmp"
	"context"
	"fmt"

	"github.com/mfad/mfad/credproc/config"
)

// identity names whose session a leg makes, for a listing.
func (l leg) identity() string {
	switch step := l.step(); step.Kind {
	case config.Role:
		return step.RoleARN.Text
	case config.Process:
		return step.Profile
	}
	return l.source
}

func (b *Broker) vaultKey(ctx context.Context, l leg, ask Asker) (signer, error) {
	name := l.step().Key
	waitingFor(ask, fmt.Sprintf("waiting for access key %q of the vault", name.Text))
	key, err := b.keys.AccessKey(ctx, name.Text, ask)
	if err != nil {
		return signer{}, fmt.Errorf("access key %q (%s): %w", name.Text, name.Origin, err)
	}
	if key.ID != l.source {
		if key.Close != nil {
			key.Close()
		}
		return signer{}, fmt.Errorf("access key %q was replaced while it was in use: try again", name.Text)
	}
	return signer{
		Credentials: Credentials{AccessKeyID: key.ID, SecretAccessKey: string(key.Secret), Signer: key.Signer},
		wipe:        key.Close,
	}, nil
}

func staticKeys(step *config.Step) signer {
	return signer{Credentials: Credentials{
		AccessKeyID:     step.AccessKeyID.Text,
		SecretAccessKey: string(step.SecretAccessKey.Bytes),
		SessionToken:    string(step.SessionToken.Bytes),
	}}
}

func (b *Broker) environment() signer {
	return signer{Credentials: Credentials{
		AccessKeyID:     b.environ("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: b.environ("AWS_SECRET_ACCESS_KEY"),
		SessionToken:    b.environ("AWS_SESSION_TOKEN"),
		AccountID:       b.environ("AWS_ACCOUNT_ID"),
	}}
}

// make makes what a leg ends in from the leg below.
func (b *Broker) make(ctx context.Context, l leg, ask Asker) (Credentials, error) {
	step := l.step()
	switch step.Kind {
	case config.Session, config.Role:
		return b.exchange(ctx, l, ask)
	case config.Process:
		waitingFor(ask, "waiting for the credential_process of profile "+step.Profile)
		creds, err := runProcess(ctx, step.Command.Text, b.clock.now().wall)
		if err != nil {
			return Credentials{}, fmt.Errorf("credential_process (%s): %w", step.Command.Origin, err)
		}
		return creds, nil
	case config.EC2Instance, config.ECSContainer:
		if b.source == nil {
			return Credentials{}, fmt.Errorf("credential_source (%s): this agent cannot ask %s", step.At, step.Kind)
		}
		creds, err := b.source(ctx, step.Kind)
		if err != nil {
			return Credentials{}, fmt.Errorf("credential_source (%s): %w", step.At, err)
		}
		creds.AccountID = cmp.Or(creds.AccountID, AccountOf(creds.ARN))
		return creds, nil
	}
	return Credentials{}, fmt.Errorf("%s: a step %q is beyond this agent", step.At, step.Kind)
}
