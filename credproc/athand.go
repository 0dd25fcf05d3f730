package credproc

import (
	"cmp"
	"context"
	"fmt"

	"github.com/mfad/mfad/credproc/config"
)

// The sources whose keys are at hand.
var _, _, _ Source = vaultKeys{}, staticKeys{}, environment{}

// vaultKeys gives the access keys that a vault keeps.
type vaultKeys struct{ keys Keys }

// Kind implements [Source].
func (vaultKeys) Kind() config.StepKind { return config.KindVaultKey }

// Identity implements [Source].
func (v vaultKeys) Identity(ctx context.Context, step config.Step) (Identity, error) {
	name := step.Spec.(config.VaultKey).Name
	id, err := v.keys.KeyID(ctx, name.Text)
	if err != nil {
		return Identity{}, fmt.Errorf("access key %q (%s): %w", name.Text, name.Origin, err)
	}
	return Identity{Key: id, KeyID: id, AtHand: true}, nil
}

// Make implements [Source]: it may unlock the vault.
func (v vaultKeys) Make(ctx context.Context, step config.Step, id Identity, ask Asker) (Given, error) {
	name := step.Spec.(config.VaultKey).Name
	Await(ask, fmt.Sprintf("access key %q of the vault", name.Text))
	key, err := v.keys.AccessKey(ctx, name.Text, ask)
	if err != nil {
		return Given{}, fmt.Errorf("access key %q (%s): %w", name.Text, name.Origin, err)
	}
	given := Given{
		Credentials: Credentials{AccessKeyID: key.ID, SecretAccessKey: string(key.Secret), Signer: key.Signer},
		Release:     key.Close,
	}
	if key.ID != id.KeyID {
		given.release()
		return Given{}, fmt.Errorf("access key %q was replaced while it was in use: try again", name.Text)
	}
	return given, nil
}

// staticKeys gives the keys that a file has.
type staticKeys struct{}

// Kind implements [Source].
func (staticKeys) Kind() config.StepKind { return config.KindStaticKeys }

// Identity implements [Source].
func (staticKeys) Identity(_ context.Context, step config.Step) (Identity, error) {
	id := step.Spec.(config.StaticKeys).ID.Text
	return Identity{Key: id, KeyID: id, AtHand: true}, nil
}

// Make implements [Source].
func (staticKeys) Make(_ context.Context, step config.Step, id Identity, _ Asker) (Given, error) {
	keys := step.Spec.(config.StaticKeys)
	return Given{Credentials: Credentials{
		AccessKeyID: id.KeyID, SecretAccessKey: string(keys.Secret.Bytes), SessionToken: string(keys.Token.Bytes),
		AccountID: keys.Account.Text,
	}}, nil
}

// environment gives the keys of the agent's own environment.
type environment struct{ lookup func(name string) string }

// Kind implements [Source].
func (environment) Kind() config.StepKind { return config.KindEnvironment }

// Identity implements [Source].
func (e environment) Identity(_ context.Context, step config.Step) (Identity, error) {
	id := e.lookup("AWS_ACCESS_KEY_ID")
	if id == "" {
		return Identity{}, fmt.Errorf("credential_source = Environment (%s):"+
			" the agent was started without AWS_ACCESS_KEY_ID in its environment", step.At)
	}
	return Identity{Key: id, KeyID: id, AtHand: true}, nil
}

// Make implements [Source].
func (e environment) Make(context.Context, config.Step, Identity, Asker) (Given, error) {
	return Given{Credentials: Credentials{
		AccessKeyID:     e.lookup("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: e.lookup("AWS_SECRET_ACCESS_KEY"),
		SessionToken:    cmp.Or(e.lookup("AWS_SESSION_TOKEN"), e.lookup("AWS_SECURITY_TOKEN")),
		AccountID:       e.lookup("AWS_ACCOUNT_ID"),
	}}, nil
}
