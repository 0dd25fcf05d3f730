package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
)

// machineLimit is how long the machine may take: on one that is no instance
// nobody answers at all.
const machineLimit = 10 * time.Second

// machine gives the credentials of the instance or container that the agent
// runs in, as the agent's own environment says where to ask.
func machine(ctx context.Context, kind config.StepKind) (credproc.Credentials, error) {
	ctx, cancel := context.WithTimeout(ctx, machineLimit)
	defer cancel()
	provider, err := machineProvider(kind, os.Getenv)
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

func machineProvider(kind config.StepKind, getenv func(string) string) (aws.CredentialsProvider, error) {
	if kind == config.EC2Instance {
		return ec2rolecreds.New(), nil // reads AWS_EC2_METADATA_* itself
	}
	endpoint, err := containerEndpoint(getenv)
	if err != nil {
		return nil, err
	}
	return endpointcreds.New(endpoint, func(o *endpointcreds.Options) {
		o.AuthorizationToken = getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN")
		if file := getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); file != "" {
			o.AuthorizationTokenProvider = endpointcreds.TokenProviderFunc(func() (string, error) {
				token, err := os.ReadFile(file)
				return strings.TrimRight(string(token), "\r\n"), err
			})
		}
	}), nil
}

// containerHosts may be asked without TLS, beside loopback: ECS, and EKS by
// IPv4 and IPv6
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html).
var containerHosts = []string{"169.254.170.2", "169.254.170.23", "fd00:ec2::23"}

func containerEndpoint(getenv func(string) string) (string, error) {
	if path := getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"); path != "" {
		return "http://" + containerHosts[0] + "/" + strings.TrimPrefix(path, "/"), nil
	}
	full := getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
	if full == "" {
		return "", errors.New("the agent was started without AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI in its environment")
	}
	u, err := url.Parse(full)
	if err != nil || u.Host == "" {
		return "", errors.New("AWS_CONTAINER_CREDENTIALS_FULL_URI of the agent's environment is not a URL")
	}
	ip := net.ParseIP(cmp.Or(map[string]string{"localhost": "127.0.0.1"}[u.Hostname()], u.Hostname()))
	switch {
	case u.Scheme == "https", ip.IsLoopback():
	case slices.ContainsFunc(containerHosts, func(host string) bool { return net.ParseIP(host).Equal(ip) }):
	default:
		return "", fmt.Errorf("AWS_CONTAINER_CREDENTIALS_FULL_URI of the agent's environment names %q: without https it must be this machine or a container's own address", u.Host)
	}
	return full, nil
}
