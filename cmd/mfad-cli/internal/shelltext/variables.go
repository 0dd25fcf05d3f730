package shelltext

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/mfad/mfad/agent/wire"
)

// A Variable is one of the environment.
type Variable struct{ Name, Value string }

// credentialVariables are what is set for credentials, and removed with them.
var credentialVariables = []string{
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
	"AWS_CREDENTIAL_EXPIRATION", "AWS_ACCOUNT_ID", "AWS_REGION", "AWS_DEFAULT_REGION",
}

// rivalVariables make a client look elsewhere, or assume a role on top, when
// they stay beside the credentials. (Which of them win differs by
// SDK: AWS_PROFILE beats environment keys in JavaScript.)
var rivalVariables = []string{
	"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_VAULT", "AWS_SECURITY_TOKEN", "AWS_SESSION_EXPIRATION",
	"AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	"AWS_CREDENTIAL_FILE",
}

// document is what the agent's credential document says, as far as the
// environment has a variable for it. The values are temporary and about to
// stand in an environment, at the person's own request.
type document struct {
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string
	AccountID       string `json:"AccountId"`
}

// VariablesOf gives what to set for a result. A region that the environment
// already has stays: it wins over a profile's in every SDK.
func VariablesOf(r wire.CredentialsResult, getenv func(string) string) ([]Variable, error) {
	var d document
	if err := json.Unmarshal(r.Document, &d); err != nil || d.AccessKeyID == "" || d.SecretAccessKey == "" {
		// The cause may quote the document: it is dropped.
		return nil, errors.New("the agent's answer is not a credential document")
	}
	region := CallerRegion(getenv)
	if region == "" {
		region = r.Region
	}
	values := []string{d.AccessKeyID, d.SecretAccessKey, d.SessionToken, d.Expiration, d.AccountID, region, region}
	var vars []Variable
	for i, name := range credentialVariables {
		if values[i] == "" {
			continue
		}
		if err := checkEvaluable(name, values[i]); err != nil {
			return nil, err
		}
		vars = append(vars, Variable{name, values[i]})
	}
	return vars, nil
}

// CallerRegion is the region that the caller's environment names, if any: the one
// variable of it that a request for credentials carries.
func CallerRegion(getenv func(string) string) string {
	if r := getenv("AWS_REGION"); r != "" {
		return r
	}
	return getenv("AWS_DEFAULT_REGION")
}

// Environ returns environ with vars set and with nothing left of other
// credentials.
func Environ(environ []string, vars []Variable) []string {
	out := slices.DeleteFunc(slices.Clone(environ), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.ContainsFunc(rivalVariables, sameName(name)) || slices.ContainsFunc(credentialVariables, sameName(name))
	})
	for _, v := range vars {
		out = append(out, v.Name+"="+v.Value)
	}
	return out
}
