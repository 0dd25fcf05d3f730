package config

import (
	"strings"
	"testing"
)

// A region of the caller or the environment that no AWS has is not for a profile
// with a region of its own.
func TestRegionOfAnotherVendorIsPassedOver(t *testing.T) {
	const own = "region = eu-south-2\n"
	const custom = "endpoint_url = http://127.0.0.1:1\n"
	for _, row := range []struct{ lines, caller, env, want string }{
		{own, "auto", "", "eu-south-2"},
		{own, "local", "", "eu-south-2"},
		{own, "garage", "auto", "eu-south-2"},
		{own, "", "auto", "eu-south-2"},
		{own, "auto", "us-west-2", "us-west-2"},
		{own, "us-west-2", "auto", "us-west-2"},
		{own + custom, "auto", "", "eu-south-2"},
		{custom, "auto", "", "auto"},
		{"region = \"eu-south-2\"\n", "auto", "", "eu-south-2"},
		{"region = 'eu-south-2'\n", "", "", "eu-south-2"},
		{own, "fips-us-east-1", "", `caller's region: region "fips-us-east-1" is a name of old`},
		{"", "auto", "", `caller's region: region "auto" is not one`},
		{"region = here\n", "auto", "", `caller's region: region "auto" is not one`},
		{"region = \"eu-south-2'\n", "", "", "is not one"},
	} {
		r := setup(t, "[profile p]\nmfad_access_key = k\n"+row.lines, "", "", map[string]string{"AWS_REGION": row.env})
		chain, err := r.Resolve(Query{Profile: "p", Region: row.caller})
		switch {
		case err != nil && !strings.Contains(err.Error(), row.want):
			t.Errorf("%q by %q and %q: %v, want %q", row.lines, row.caller, row.env, err, row.want)
		case err == nil && chain.Steps[1].Exchange().Endpoint.Region.Text != row.want:
			t.Errorf("%q by %q and %q: %v, want %q", row.lines, row.caller, row.env, chain.Steps[1], row.want)
		case err == nil && strings.Contains(row.lines, "eu-south-2") && chain.Region.Text != "eu-south-2":
			t.Errorf("%q: the caller's services get %q", row.lines, chain.Region.Text)
		}
	}
}

func TestTemporaryKeysHaveTheirTokenUnderEitherName(t *testing.T) {
	for _, row := range []struct{ lines, want string }{
		{"aws_security_token = old\n", "old"},
		{"aws_session_token = new\n", "new"},
		{"aws_security_token = old\naws_session_token = new\n", "new"},
		{"aws_security_token =\n", ""},
	} {
		chain, err := setup(t, "", "", "[p]\n"+judgeKeys+row.lines+"aws_account_id = 111122223333\n", nil).Resolve(Query{Profile: "p"})
		if err != nil {
			t.Fatal(err)
		}
		keys := chain.Source().(StaticKeys)
		if string(keys.Token.Bytes) != row.want || keys.Account.Text != "111122223333" {
			t.Errorf("%q: token %q of account %q", row.lines, keys.Token.Bytes, keys.Account.Text)
		}
		if sessions := len(chain.Steps) - 1; (sessions == 0) != (row.want != "") {
			t.Errorf("%q: %v", row.lines, sketch(chain))
		}
	}
	_, err := setup(t, "", "", "[p]\n"+judgeKeys+"aws_account_id = 1\n", nil).Resolve(Query{Profile: "p"})
	if err == nil || !strings.Contains(err.Error(), `credentials:4: aws_account_id "1" is not an account; write its 12 digits`) {
		t.Errorf("got %v", err)
	}
}
