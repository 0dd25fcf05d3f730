// Package machine gives the credentials of the machine that the agent runs on,
// for profiles with credential_source = Ec2InstanceMetadata or EcsContainer.
//
// It asks the instance's metadata service or the container's credentials
// endpoint, through aws-sdk-go-v2's providers, where the agent's own environment
// says. It keeps nothing: the broker keeps the credentials until they expire,
// and asks again. What the other word of credential_source, Environment, means
// is in package credproc.
package machine

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
)

// limit is how long the machine may take: on one that is no instance nobody
// answers at all.
const limit = 10 * time.Second

// Sources are the instance and the container. Getenv is the agent's own
// environment.
func Sources(getenv func(string) string) []credproc.Source {
	return []credproc.Source{
		source{config.KindEC2, func() (aws.CredentialsProvider, error) {
			return ec2rolecreds.New(), nil // reads AWS_EC2_METADATA_* itself
		}},
		source{config.KindECS, func() (aws.CredentialsProvider, error) { return containerProvider(getenv) }},
	}
}

// source is a provider of the SDK's as the broker wants it.
type source struct {
	kind     config.StepKind
	provider func() (aws.CredentialsProvider, error)
}

var _ credproc.Source = source{}

// Kind implements [credproc.Source].
func (s source) Kind() config.StepKind { return s.kind }

// Identity implements [credproc.Source]: there is one machine.
func (s source) Identity(context.Context, config.Step) (credproc.Identity, error) {
	return credproc.Identity{Key: string(s.kind)}, nil
}

// Make implements [credproc.Source]. It returns an error that wraps
// credproc.ErrUnavailable when the machine does not answer.
func (s source) Make(ctx context.Context, step config.Step, _ credproc.Identity, _ credproc.Asker) (credproc.Given, error) {
	creds, err := s.retrieve(ctx)
	if err != nil {
		return credproc.Given{}, fmt.Errorf("credential_source (%s): %w", step.At, err)
	}
	return credproc.Given{Credentials: creds}, nil
}

func (s source) retrieve(ctx context.Context) (credproc.Credentials, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	provider, err := s.provider()
	if err != nil {
		return credproc.Credentials{}, err
	}
	got, err := provider.Retrieve(ctx)
	if err != nil {
		return credproc.Credentials{}, fmt.Errorf("%w: %w", credproc.ErrUnavailable, err)
	}
	return credproc.Credentials{
		AccessKeyID: got.AccessKeyID, SecretAccessKey: got.SecretAccessKey, SessionToken: got.SessionToken,
		Expiration: got.Expires.UTC(), AccountID: got.AccountID,
	}, nil
}
