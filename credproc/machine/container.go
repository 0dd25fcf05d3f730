package machine

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
)

// containerProvider asks where the environment says.
func containerProvider(getenv func(string) string) (aws.CredentialsProvider, error) {
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
		return "", errors.New("the agent was started without AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" +
			" and AWS_CONTAINER_CREDENTIALS_FULL_URI in its environment")
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
		return "", fmt.Errorf("AWS_CONTAINER_CREDENTIALS_FULL_URI of the agent's environment names %q:"+
			" without https it must be this machine or a container's own address", u.Host)
	}
	return full, nil
}
