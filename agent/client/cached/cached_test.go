package cached

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/mfad/mfad/agent/wire"
)

func TestProfileKnowsOnlyTheLineOfConfigFiles(t *testing.T) {
	for _, test := range []struct {
		args    []string
		profile string
		ok      bool
	}{
		{[]string{"credentials", "--profile", "prod"}, "prod", true},
		{[]string{"credentials", "--profile=prod"}, "prod", true},
		{[]string{"credentials", "--profile="}, "", false},
		{[]string{"credentials", "--profile", ""}, "", false},
		{[]string{"credentials", "--profile", "--help"}, "", false},
		{[]string{"credentials", "--help"}, "", false},
		{[]string{"credentials", "prod"}, "", false},
		{[]string{"credentials"}, "", false},
		{[]string{"credentials", "--profile", "prod", "--help"}, "", false},
		{[]string{"exec", "--profile", "prod"}, "", false},
		{[]string{"--profile", "prod", "credentials"}, "", false},
		{nil, "", false},
	} {
		profile, ok := Profile(test.args)
		if ok != test.ok || ok && profile != test.profile {
			t.Errorf("%q: got %q, %v", test.args, profile, ok)
		}
	}
}

// What is written by hand here is what the agent's own codec reads.
func TestRequestIsACallOfTheProtocol(t *testing.T) {
	for _, test := range []struct{ profile, region string }{
		{"prod", "eu-central-1"}, {"team/prod@home:a+b_c.d-e", ""}, {strings.Repeat("x", 64), "x"},
	} {
		line, ok := request(test.profile, test.region)
		var m wire.Message
		var call wire.Call
		var params wire.CredentialsParams
		for _, err := range []error{
			json.Unmarshal([]byte(line), &m), json.Unmarshal(m.Params, &call), strict(call.Params, &params),
		} {
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
		}
		want := wire.CredentialsParams{Profile: test.profile, Region: test.region, Cached: true}
		if !ok || m.Version != "2.0" || string(m.ID) != "1" || m.Method != wire.MethodCredentials || call.V != wire.Protocol || params != want {
			t.Errorf("the request is %q", line)
		}
		if strings.IndexByte(line, '\n') != len(line)-1 {
			t.Errorf("it is not one line: %q", line)
		}
	}
}

func strict(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func TestNoRequestForANameThatIsNone(t *testing.T) {
	for _, name := range []string{"", "a b", "a\"b", `a\b`, "a\nb", "é", "a\x00", strings.Repeat("x", 65)} {
		if line, ok := request(name, ""); ok {
			t.Errorf("profile %q: %q", name, line)
		}
		if line, ok := request("prod", name); ok && name != "" {
			t.Errorf("region %q: %q", name, line)
		}
	}
}
