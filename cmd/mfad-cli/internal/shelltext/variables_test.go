package shelltext

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/agent/wire"
)

const testDocument = `{"Version":1,"AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"s","SessionToken":"t",` +
	`"Expiration":"2026-11-22T07:53:32Z","AccountId":"123456789012"}`

func TestVariablesTakeTheCallersRegionBeforeTheProfiles(t *testing.T) {
	r := wire.CredentialsResult{Document: []byte(testDocument), Region: "eu-west-1"}
	common := []Variable{
		{"AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"},
		{"AWS_SECRET_ACCESS_KEY", "s"},
		{"AWS_SESSION_TOKEN", "t"},
		{"AWS_CREDENTIAL_EXPIRATION", "2026-11-22T07:53:32Z"},
		{"AWS_ACCOUNT_ID", "123456789012"},
	}
	for name, test := range map[string]struct {
		env  map[string]string
		want string
	}{
		"profile":        {nil, "eu-west-1"},
		"AWS_REGION":     {map[string]string{"AWS_REGION": "a", "AWS_DEFAULT_REGION": "b"}, "a"},
		"default region": {map[string]string{"AWS_DEFAULT_REGION": "b"}, "b"},
	} {
		got, err := VariablesOf(r, func(key string) string { return test.env[key] })
		if err != nil {
			t.Fatal(err)
		}
		want := append(slices.Clone(common), Variable{"AWS_REGION", test.want}, Variable{"AWS_DEFAULT_REGION", test.want})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestVariablesRefuseWhatIsNoDocumentWithoutQuotingIt(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":     `not JSON, secret`,
		"no key":      `{"Version":1,"SecretAccessKey":"secret"}`,
		"other types": `{"AccessKeyId":"A","SecretAccessKey":["secret"]}`,
		"line break":  `{"AccessKeyId":"A","SecretAccessKey":"secret\nexport PATH=x"}`,
	} {
		_, err := VariablesOf(wire.CredentialsResult{Document: []byte(text)}, func(string) string { return "" })
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestEnvironKeepsWhatIsNotAboutCredentials(t *testing.T) {
	environ := []string{
		"PATH=/bin", "AWS_PROFILE=other", "AWS_VAULT=other", "AWS_ACCESS_KEY_ID=old", "AWS_SESSION_TOKEN=old",
		"AWS_ROLE_ARN=x", "AWS_CONFIG_FILE=/c", "AWS_PAGER=", "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://x", "HOME=/h",
	}
	got := Environ(environ, []Variable{{"AWS_ACCESS_KEY_ID", "new"}})
	want := []string{"PATH=/bin", "AWS_CONFIG_FILE=/c", "AWS_PAGER=", "HOME=/h", "AWS_ACCESS_KEY_ID=new"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
