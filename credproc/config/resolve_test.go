package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	userDevice = "arn:aws:iam::111122223333:mfa/phone"
	admin      = "arn:aws:iam::111122223333:role/admin"
	deep       = "arn:aws:iam::444455556666:role/deep"
)

// sketch writes a chain on one line: kinds with what decides them.
func sketch(c *Chain) string {
	var out []string
	for _, s := range c.Steps {
		text := string(s.Kind())
		var ask Exchange
		switch spec := s.Spec.(type) {
		case VaultKey:
			text += " " + spec.Name.Text
		case StaticKeys:
			text += " " + spec.ID.Text
			if len(spec.Token.Bytes) > 0 {
				text += "+token"
			}
		case Process:
			text += " " + spec.Command.Text
		case *Session:
			ask = spec.Exchange
		case *Role:
			text += " " + spec.ARN.Text[strings.LastIndex(spec.ARN.Text, "/")+1:]
			ask = spec.Exchange
		}
		if ask.Serial.Text != "" {
			text += " mfa"
		}
		if ask.Duration.Seconds > 0 {
			text += fmt.Sprintf(" %ds", ask.Duration.Seconds)
		}
		out = append(out, text)
	}
	return strings.Join(out, " > ")
}

func TestResolveFollowsAProfileToItsSource(t *testing.T) {
	const base = "[profile base]\nmfad_access_key = base\n"
	const keys = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret\n"
	for _, c := range []struct {
		name                      string
		mfad, config, credentials string
		env                       map[string]string
		vault                     string // the key that it has
		want                      string
	}{
		{name: "a vault key alone gives a session", mfad: "[profile p]\nmfad_access_key = k", want: "vault-key k > session"},
		{name: "a vault key by its own name", vault: "p", want: "vault-key p > session"},
		{name: "default is the profile of no name", mfad: "[default]\nmfad_access_key = k", want: "vault-key k > session"},
		{name: "a profile without identity stands for the vault key of its name", config: "[profile p]\nregion = eu-west-1\nmfa_serial = " + userDevice, vault: "p", want: "vault-key p > session mfa"},
		{name: "a profile that mfad serves stands for the vault key of its name", config: "[profile p]\ncredential_process = /usr/bin/mfad credentials --profile p", vault: "p", want: "vault-key p > session"},
		{name: "keys in a file are not handed out", credentials: "[p]\n" + keys, want: "static-keys AKIAIOSFODNN7EXAMPLE > session"},
		{name: "temporary keys are", credentials: "[p]\n" + keys + "aws_session_token = t", want: "static-keys AKIAIOSFODNN7EXAMPLE+token"},
		{name: "keys come from one file", config: "[profile p]\naws_access_key_id = AKIAIOSFODNN7IGNORED\naws_secret_access_key = x\naws_session_token = t", credentials: "[p]\n" + keys, want: "static-keys AKIAIOSFODNN7EXAMPLE > session"},
		{name: "a token without keys is not theirs", config: "[profile p]\n" + keys, credentials: "[p]\naws_session_token = t", want: "static-keys AKIAIOSFODNN7EXAMPLE > session"},
		{name: "a role of a vault key", mfad: "[profile p]\nrole_arn = " + admin + "\nmfad_access_key = k", want: "vault-key k > role admin"},
		{name: "a role whose source is a vault key's name", mfad: "[profile p]\nrole_arn = " + admin + "\nsource_profile = k", vault: "k", want: "vault-key k > role admin"},
		{name: "the device is proved by the identity", mfad: base + "[profile p]\nrole_arn = " + admin + "\nsource_profile = base\nmfa_serial = " + userDevice, want: "vault-key base > session mfa > role admin"},
		{name: "the device may be named by the source", mfad: base + "mfa_serial = " + userDevice + "\n[profile p]\nrole_arn = " + admin + "\nsource_profile = base", want: "vault-key base > session mfa > role admin"},
		{name: "a long role is assumed directly", mfad: base + "[profile p]\nrole_arn = " + admin + "\nsource_profile = base\nduration_seconds = 7200\nmfa_serial = " + userDevice, want: "vault-key base > role admin mfa 7200s"},
		{name: "an hour is not long", mfad: base + "[profile p]\nrole_arn = " + admin + "\nsource_profile = base\nduration_seconds = 3600\nmfa_serial = " + userDevice, want: "vault-key base > session mfa > role admin 3600s"},
		{name: "a device of the last hop is hoisted", mfad: base + "[profile q]\nrole_arn = " + admin + "\nsource_profile = base\n[profile p]\nrole_arn = " + deep + "\nsource_profile = q\nmfa_serial = " + userDevice, want: "vault-key base > session mfa > role admin > role deep"},
		{name: "a device of the last hop before a long role", mfad: base + "[profile q]\nrole_arn = " + admin + "\nsource_profile = base\nduration_seconds = 43200\n[profile p]\nrole_arn = " + deep + "\nsource_profile = q\nmfa_serial = " + userDevice, want: "vault-key base > role admin mfa 43200s > role deep"},
		{name: "a profile is its own source", config: "[profile p]\nrole_arn = " + admin + "\nsource_profile = p", credentials: "[p]\n" + keys, want: "static-keys AKIAIOSFODNN7EXAMPLE > role admin"},
		{name: "keys of a source that names itself come before its role", config: "[profile p]\nrole_arn = " + deep + "\nsource_profile = q\n[profile q]\nrole_arn = " + admin + "\nsource_profile = q", credentials: "[q]\n" + keys, want: "static-keys AKIAIOSFODNN7EXAMPLE > role deep"},
		{name: "its own source with a vault key", mfad: "[profile p]\nrole_arn = " + admin + "\nsource_profile = p\nmfad_access_key = k", want: "vault-key k > role admin"},
		{name: "its own source is the vault key of its name", config: "[profile p]\nrole_arn = " + admin + "\nsource_profile = p", vault: "p", want: "vault-key p > role admin"},
		{name: "another name for a source", mfad: base + "[profile p]\nsource_profile = base\nduration_seconds = 900", want: "vault-key base > session 900s"},
		{name: "the environment", config: "[profile p]\nrole_arn = " + admin + "\ncredential_source = Environment", env: map[string]string{"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}, want: "environment > role admin"},
		{name: "the instance", config: "[profile p]\nrole_arn = " + admin + "\ncredential_source = Ec2InstanceMetadata", want: "ec2-instance-metadata > role admin"},
		{name: "the container", config: "[profile p]\nrole_arn = " + admin + "\ncredential_source = EcsContainer", want: "ecs-container > role admin"},
		{name: "somebody else's process", config: "[profile p]\ncredential_process = /opt/other --x", want: "process /opt/other --x"},
		{name: "a role of somebody else's process", config: "[profile q]\ncredential_process = /opt/other\n[profile p]\nrole_arn = " + admin + "\nsource_profile = q\nmfa_serial = " + userDevice, want: "process /opt/other > session mfa > role admin"},
		{name: "mfad's file says who a profile is", mfad: "[profile p]\nmfad_access_key = k", config: "[profile p]\nrole_arn = " + admin + "\nsource_profile = q", credentials: "[p]\n" + keys, want: "vault-key k > session"},
		{name: "AWS's config gives the device", mfad: "[profile p]\nmfad_access_key = k", config: "[profile p]\nmfa_serial = " + userDevice, want: "vault-key k > session mfa"},
		{name: "mfad's file may add to a profile", mfad: "[profile p]\nduration_seconds = 7200", config: "[profile p]\nrole_arn = " + admin + "\nsource_profile = k", vault: "k", want: "vault-key k > role admin 7200s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := "p"
			if strings.Contains(c.mfad, "[default]") {
				name = ""
			}
			q := Query{Profile: name, HasKey: func(key string) bool { return key == c.vault }}
			chain, err := setup(t, c.mfad, c.config, c.credentials, c.env).Resolve(q)
			if err != nil {
				t.Fatal(err)
			}
			if got := sketch(chain); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			for _, s := range chain.Steps {
				if s.At == (Origin{}) {
					t.Errorf("step %s has no origin", s.Kind())
				}
			}
		})
	}
}

func TestResolveReadsEverySettingOfARole(t *testing.T) {
	r := setup(t, `[profile p]
role_arn = `+admin+` # the administrators
mfad_access_key = k
external_id = ext/1
role_session_name = jo@example.org
duration_seconds = 1800
mfa_serial = `+userDevice+`
session_tags = Team=core, Cost Center = 12
transitive_session_tags = Team
source_identity = jo
policy = {
  "Version": "2012-10-17",
  "Statement": []}
policy_arns = arn:aws:iam::aws:policy/ReadOnlyAccess, arn:aws:iam::111122223333:policy/own
region = eu-west-1
ca_bundle = ~/ca.pem
`, "", "", map[string]string{"HOME": "/home/jo"})
	chain, err := r.Resolve(Query{Profile: "p"})
	if err != nil {
		t.Fatal(err)
	}
	at := func(line int) Origin { return Origin{File: r.Paths().Mfad, Line: line} }
	endpoint := Endpoint{Region: Value{"eu-west-1", at(15)}, CABundle: Value{"/home/jo/ca.pem", at(16)}}
	want := &Chain{Profile: "p", Region: Value{"eu-west-1", at(15)}, Steps: []Step{
		{"p", at(3), VaultKey{Value{"k", at(3)}}},
		{"p", at(7), &Session{Exchange{
			Serial: Value{userDevice, at(7)}, Duration: Duration{Origin: Origin{Rule: "default of GetSessionToken"}}, Endpoint: endpoint,
		}}},
		{"p", at(2), &Role{
			Exchange: Exchange{Duration: Duration{1800, at(6)}, Endpoint: endpoint},
			ARN:      Value{admin, at(2)}, ExternalID: Value{"ext/1", at(4)}, SessionName: Value{"jo@example.org", at(5)},
			Tags: []Tag{{"Team", "core"}, {"Cost Center", "12"}}, TransitiveTags: []string{"Team"},
			SourceIdentity: Value{"jo", at(10)}, Policy: Value{"{\n\"Version\": \"2012-10-17\",\n\"Statement\": []}", at(11)},
			PolicyARNs: []string{"arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::111122223333:policy/own"},
		}},
	}}
	if diff := cmp.Diff(want, chain); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestResolveRefusesWithPlaceAndAdvice(t *testing.T) {
	const role = "[profile p]\nrole_arn = " + admin + "\n"
	const keyed = role + "mfad_access_key = k\n"
	for _, c := range []struct {
		name                      string
		mfad, config, credentials string
		profile                   string // p if empty
		is                        error  // ErrBadConfig if nil
		want                      string // F, C and K stand for the three files
	}{
		{name: "nothing of that name", is: ErrNoProfile, want: `no profile "p" in F, C or K, and no access key of that name in the vault`},
		{name: "control characters", profile: "p\x1b[m", is: ErrBadName, want: `write the name as "mfad profile list" shows it`},
		{name: "no source for a role", mfad: role, want: `F:2: role_arn of profile "p" has no source; write source_profile = NAME`},
		{name: "source not found", mfad: role + "source_profile = gone", is: ErrNoSource, want: `F:3: source_profile names "gone"`},
		{name: "source without identity", mfad: role + "source_profile = q", config: "\n[profile q]\nregion = eu-west-1", want: `C:2: profile "q" has no source of credentials; write`},
		{name: "loop", mfad: role + "source_profile = q", config: "[profile q]\nrole_arn = " + deep + "\nsource_profile = p", want: `C:3: source_profile closes the loop p -> q -> p`},
		{name: "itself without keys", mfad: role + "source_profile = p", want: `F:3: source_profile names profile "p" itself, which has no keys`},
		{name: "two sources", mfad: keyed + "source_profile = q", want: `F:4: source_profile names a second source beside mfad_access_key (F:3); keep one`},
		{name: "partial keys", credentials: "[p]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE", want: `K:2: profile "p" has aws_access_key_id and no aws_secret_access_key`},
		{name: "partial keys, the secret alone", credentials: "[p]\naws_secret_access_key = s", want: `K:2: profile "p" has aws_secret_access_key and no aws_access_key_id`},
		{name: "not a key id", credentials: "[p]\naws_access_key_id = hunter two\naws_secret_access_key = s", want: `K:2: aws_access_key_id of profile "p" is not an access key id`},
		{name: "bad ARN", mfad: "[profile p]\nrole_arn = arn:aws:iam::12:role/x\nmfad_access_key = k", want: `F:2: role_arn "arn:aws:iam::12:role/x" is not a role; write arn:aws:iam::ACCOUNT:role/NAME`},
		{name: "a user is no role", mfad: "[profile p]\nrole_arn = arn:aws:iam::111122223333:user/x\nmfad_access_key = k", want: "is not a role"},
		{name: "bad duration", mfad: keyed + "duration_seconds = 1h", want: `F:4: duration_seconds "1h" is not a number from 900 to 43200`},
		{name: "short duration", mfad: keyed + "duration_seconds = 899", want: `from 900 to 43200`},
		{name: "long duration", mfad: keyed + "duration_seconds = 43201", want: `from 900 to 43200`},
		{name: "long session", mfad: "[profile p]\nmfad_access_key = k\nduration_seconds = 129601", want: `F:3: duration_seconds "129601" is not a number from 900 to 129600`},
		{name: "long later hop", mfad: role + "source_profile = q\nduration_seconds = 3601\n[profile q]\nrole_arn = " + deep + "\nmfad_access_key = k", want: `F:4: duration_seconds is 3601, and AWS gives a role that is assumed by another role 3600 at most`},
		{name: "long role of an instance", mfad: role + "credential_source = Ec2InstanceMetadata\nduration_seconds = 7200", want: `F:4: duration_seconds is 7200`},
		{name: "device on temporary keys", mfad: role + "credential_source = EcsContainer\nmfa_serial = " + userDevice, want: `F:4: mfa_serial needs a long-term key, and this chain begins at ecs-container (F:3)`},
		{name: "bad device", mfad: keyed + "mfa_serial = a b", want: `F:4: mfa_serial "a b" is not an MFA device`},
		{name: "bad session name", mfad: keyed + "role_session_name = a b", want: `F:4: role_session_name is not`},
		{name: "bad external id", mfad: keyed + "external_id = x", want: `F:4: external_id is not`},
		{name: "bad source identity", mfad: keyed + "source_identity = a/b", want: `F:4: source_identity is not`},
		{name: "bad policy", mfad: keyed + "policy = {", want: `F:4: policy is not a JSON object`},
		{name: "bad policy ARN", mfad: keyed + "policy_arns = ReadOnlyAccess", want: `F:4: policy_arns has "ReadOnlyAccess"`},
		{name: "bad tag", mfad: keyed + "session_tags = a", want: `F:4: session_tags has "a"; write KEY=VALUE`},
		{name: "tag twice", mfad: keyed + "session_tags = a=1,A=2", want: `F:4: session_tags has "A" twice`},
		{name: "reserved tag", mfad: keyed + "session_tags = aws:team=core", want: `F:4: session_tags has "aws:team", and AWS keeps keys that begin with aws: to itself`},
		{name: "transitive tag without a value", mfad: keyed + "session_tags = a=1\ntransitive_session_tags = A, b", want: `F:5: transitive_session_tags has "b", which session_tags does not set`},
		{name: "bad transitive tag", mfad: keyed + "transitive_session_tags = a*", want: `F:4: transitive_session_tags has "a*"`},
		{name: "unknown credential_source", mfad: role + "credential_source = Vault", want: `F:3: credential_source "Vault" is none; write Environment, Ec2InstanceMetadata or EcsContainer`},
		{name: "credential_source without a role", mfad: "[profile p]\ncredential_source = EcsContainer", want: `F:2: credential_source without role_arn`},
		{name: "empty environment", mfad: role + "credential_source = Environment", want: `F:3: credential_source is Environment, and the agent's own environment has no AWS_ACCESS_KEY_ID`},
		{name: "mfad's own process in AWS's file alone", config: "[profile p]\ncredential_process = '/x y/mfad' credentials --profile p", want: `C:2: credential_process of profile "p" asks mfad, and F does not say what it is; write [profile p]`},
		{name: "mfad's own process as a source", mfad: role + "source_profile = q", config: "[profile q]\ncredential_process = sh -c 'mfad credentials --profile q'", want: `C:2: credential_process of profile "q" asks mfad`},
		{name: "mfad's own process in mfad's file", mfad: "[profile p]\ncredential_process = mfad credentials", want: `F:2: credential_process is mfad itself`},
		{name: "Identity Center", config: "[profile p]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r", want: `C:2: sso_session: mfad does not serve IAM Identity Center`},
		{name: "web identity", config: role + "web_identity_token_file = /x", want: `C:3: web_identity_token_file: mfad does not serve web identity tokens`},
		{name: "login", config: "[profile p]\nlogin_session = x", want: "C:2: login_session: mfad does not serve `aws login` sessions"},
		{name: "syntax", config: "[profile p]\nrole_arn", want: "C:2: Expected an '=' sign defining a property; write NAME = VALUE"},
		{name: "bad region", mfad: keyed + "region = s3", want: `F:4: region "s3" is not one; write a name such as eu-west-1`},
		{name: "missing services section", mfad: keyed + "services = local", want: `F:4: services names "local", and there is no such section; write [services local]`},
		{name: "URL with a password", mfad: keyed + "endpoint_url = https://a:b@host", want: `F:4: endpoint_url is not a plain URL`},
		{name: "not a URL", mfad: keyed + "endpoint_url = localhost:4566", want: `F:4: endpoint_url is not a plain URL`},
		{name: "bad flag", mfad: keyed + "use_fips_endpoint = yes", want: `F:4: use_fips_endpoint "yes" is neither true nor false`},
		{name: "FIPS on a custom endpoint", mfad: keyed + "use_fips_endpoint = true\nendpoint_url = http://localhost", want: `F:4: FIPS and dual-stack endpoints are AWS's own, and the endpoint is http://localhost (F:5)`},
		{name: "relative bundle", mfad: keyed + "ca_bundle = ca.pem", want: `F:4: ca_bundle "ca.pem" is not an absolute path`},
		{name: "bad mode", mfad: keyed + "sts_regional_endpoints = local", want: `F:4: sts_regional_endpoints "local" is none; write regional or legacy`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.profile == "" {
				c.profile = "p"
			}
			if c.is == nil {
				c.is = ErrBadConfig
			}
			r := setup(t, c.mfad, c.config, c.credentials, nil)
			_, err := r.Resolve(Query{Profile: c.profile})
			if !errors.Is(err, c.is) {
				t.Fatalf("error %v, want one that wraps %v", err, c.is)
			}
			p := r.Paths()
			got := strings.NewReplacer(p.Mfad, "F", p.Config, "C", p.Credentials, "K").Replace(err.Error())
			if !strings.Contains(got, c.want) || strings.ContainsAny(got, "\n\x1b") {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			var at *Error
			if c.is == ErrBadConfig && (!errors.As(err, &at) || at.File == "" || at.Line == 0) {
				t.Errorf("no file and line in %#v", err)
			}
		})
	}
}

func TestEndpointFollowsThePrecedenceOfAWS(t *testing.T) {
	const role = "[profile p]\nmfad_access_key = k\nrole_arn = " + admin + "\n"
	const china = "[profile p]\nmfad_access_key = k\nrole_arn = arn:aws-cn:iam::111122223333:role/r\n"
	const local = "services = s\nendpoint_url = https://general.test\n[services s]\nsts =\n  endpoint_url = https://sts.test\n"
	for _, c := range []struct {
		name, mfad, config, region string
		env                        map[string]string
		want                       string
	}{
		{name: "nothing set", mfad: role, want: "us-east-1 (default of partition aws)"},
		{name: "nothing set in China", mfad: china, want: "cn-north-1 (default of partition aws-cn)"},
		{name: "the profile's region", mfad: role + "region = eu-west-1", want: "eu-west-1 (F:4)"},
		{name: "AWS's config gives the region", mfad: role, config: "[profile p]\nregion = eu-west-1", want: "eu-west-1 (C:2)"},
		{name: "AWS_DEFAULT_REGION before the profile's", mfad: role + "region = eu-west-1", env: map[string]string{"AWS_DEFAULT_REGION": "eu-west-2"}, want: "eu-west-2 ($AWS_DEFAULT_REGION)"},
		{name: "AWS_REGION before AWS_DEFAULT_REGION", mfad: role, env: map[string]string{"AWS_REGION": "eu-west-3", "AWS_DEFAULT_REGION": "eu-west-2"}, want: "eu-west-3 ($AWS_REGION)"},
		{name: "the caller's before all", mfad: role, region: "ap-south-1", env: map[string]string{"AWS_REGION": "eu-west-3"}, want: "ap-south-1 (the caller's region)"},
		{name: "the environment's, but not in another partition", mfad: china + "region = cn-northwest-1", env: map[string]string{"AWS_REGION": "ap-south-1"}, want: "cn-northwest-1 (F:4)"},
		{name: "the caller's in a partition that we do not know", mfad: "[profile p]\nmfad_access_key = k\nrole_arn = arn:aws-new:iam::111122223333:role/r\n", region: "new-east-1", want: "new-east-1 (the caller's region)"},
		{name: "the caller's aws-global with FIPS", mfad: role + "use_fips_endpoint = true", region: "aws-global", want: "us-east-1 (the caller's region) fips"},
		{name: "the caller's, but not in another partition", mfad: china, region: "ap-south-1", want: "cn-north-1 (default of partition aws-cn)"},
		{name: "the caller's, but not out of the profile's partition", mfad: "[profile p]\nmfad_access_key = k\nregion = cn-north-1", region: "us-east-1", want: "cn-north-1 (F:3)"},
		{name: "legacy", mfad: role + "region = eu-west-1\nsts_regional_endpoints = legacy", want: "aws-global (F:5)"},
		{name: "legacy knows no new region", mfad: role + "region = eu-south-1\nsts_regional_endpoints = legacy", want: "eu-south-1 (F:4)"},
		{name: "the variable before the file", mfad: role + "region = eu-west-1\nsts_regional_endpoints = legacy", env: map[string]string{"AWS_STS_REGIONAL_ENDPOINTS": "regional"}, want: "eu-west-1 (F:4)"},
		{name: "FIPS", mfad: role + "use_fips_endpoint = True", want: "us-east-1 (default of partition aws) fips"},
		{name: "FIPS switched off by the variable", mfad: role + "use_fips_endpoint = true", env: map[string]string{"AWS_USE_FIPS_ENDPOINT": "false"}, want: "us-east-1 (default of partition aws)"},
		{name: "dual-stack", mfad: role, env: map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "true"}, want: "us-east-1 (default of partition aws) dual"},
		{name: "no legacy with FIPS", mfad: role + "region = us-west-2\nuse_fips_endpoint = true\nsts_regional_endpoints = legacy", want: "us-west-2 (F:4) fips"},
		{name: "the general URL", mfad: role + "endpoint_url = https://general.test", want: "us-east-1 (default of partition aws) https://general.test (F:4)"},
		{name: "the service's URL before it", mfad: role + local, want: "us-east-1 (default of partition aws) https://sts.test (F:7)"},
		{name: "the general variable before both", mfad: role + local, env: map[string]string{"AWS_ENDPOINT_URL": "https://env.test"}, want: "us-east-1 (default of partition aws) https://env.test ($AWS_ENDPOINT_URL)"},
		{name: "the service's variable before that", mfad: role + local, env: map[string]string{"AWS_ENDPOINT_URL": "https://env.test", "AWS_ENDPOINT_URL_STS": "https://sts.env.test"}, want: "us-east-1 (default of partition aws) https://sts.env.test ($AWS_ENDPOINT_URL_STS)"},
		{name: "ignored by the profile", mfad: role + "ignore_configured_endpoint_urls = true\n" + local, want: "us-east-1 (default of partition aws)"},
		{name: "ignored by the variable", mfad: role + local, env: map[string]string{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL": "https://env.test"}, want: "us-east-1 (default of partition aws)"},
		{name: "a service section without STS", mfad: role + "services = s\nendpoint_url = https://general.test\n[services s]\ns3 =\n  endpoint_url = https://s3.test", want: "us-east-1 (default of partition aws) https://general.test (F:5)"},
		{name: "a foreign region on a foreign endpoint", mfad: role + "region = local\nendpoint_url = http://127.0.0.1:4566", want: "local (F:4) http://127.0.0.1:4566 (F:5)"},
		{name: "a bundle", mfad: role + "ca_bundle = /etc/ca.pem", env: map[string]string{"AWS_CA_BUNDLE": "/env.pem"}, want: "us-east-1 (default of partition aws) /env.pem ($AWS_CA_BUNDLE)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := setup(t, c.mfad, c.config, "", c.env)
			chain, err := r.Resolve(Query{Profile: "p", Region: c.region})
			if err != nil {
				t.Fatal(err)
			}
			e := chain.Steps[1].Exchange().Endpoint
			got := fmt.Sprintf("%s (%s)", e.Region.Text, e.Region.Origin)
			for _, v := range []Value{e.URL, e.CABundle} {
				if v.Text != "" {
					got += fmt.Sprintf(" %s (%s)", v.Text, v.Origin)
				}
			}
			if e.FIPS {
				got += " fips"
			}
			if e.DualStack {
				got += " dual"
			}
			p := r.Paths()
			if got = strings.NewReplacer(p.Mfad, "F", p.Config, "C").Replace(got); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestResolveFollowsAnyDepth(t *testing.T) {
	const depth = 500
	var text strings.Builder
	for i := range depth {
		fmt.Fprintf(&text, "[profile p%d]\nrole_arn = arn:aws:iam::111122223333:role/r%d\nsource_profile = p%d\n", i, i, i+1)
	}
	fmt.Fprintf(&text, "[profile p%d]\nmfad_access_key = k\n", depth)
	chain, err := setup(t, "", text.String(), "", nil).Resolve(Query{Profile: "p0"})
	if err != nil {
		t.Fatal(err)
	}
	if got := sketch(chain); !strings.HasPrefix(got, "vault-key k > role r499 > role r498 > ") || !strings.HasSuffix(got, " > role r1 > role r0") || len(chain.Steps) != depth+1 {
		t.Error(got)
	}
}

func TestCallersRegionCannotNameAForeignHost(t *testing.T) {
	r := setup(t, "[profile p]\nmfad_access_key = k", "", "", nil)
	for _, region := range []string{"s3", "s3-us-west-2", "s3-website-us-east-1", "fips-us-east-1", "a.b", "us-east-1.evil.test", "us-east-1/", "us--1", "US-EAST-1", "-", "us-east-1\n", "execute-api-us-east-1", "us-east-100"} {
		if _, err := r.Resolve(Query{Profile: "p", Region: region}); !errors.Is(err, ErrBadConfig) {
			t.Errorf("region %q: %v", region, err)
		}
	}
	for _, region := range []string{"us-east-1", "us-gov-west-1", "us-isob-east-1", "eusc-de-east-1", "ap-southeast-5", "aws-global"} {
		if _, err := r.Resolve(Query{Profile: "p", Region: region}); err != nil {
			t.Errorf("region %q: %v", region, err)
		}
	}
}

func TestReaderSeesEveryChange(t *testing.T) {
	r := setup(t, "[profile p]\nmfad_access_key = a", "", "", nil)
	key := func() string {
		t.Helper()
		chain, err := r.Resolve(Query{Profile: "p"})
		if err != nil {
			t.Fatal(err)
		}
		return chain.Source().(VaultKey).Name.Text
	}
	// The same length in place, faster than a file's time can tell.
	for _, want := range []string{"b", "c", "d", "e"} {
		if err := os.WriteFile(r.Paths().Mfad, []byte("[profile p]\nmfad_access_key = "+want), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := key(); got != want {
			t.Fatalf("key %q, want %q", got, want)
		}
	}
	if err := os.Remove(r.Paths().Mfad); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Resolve(Query{Profile: "p"}); !errors.Is(err, ErrNoProfile) {
		t.Fatalf("after the removal: %v", err)
	}
}

func TestReaderServesManyAtOnce(t *testing.T) {
	r := setup(t, "[profile p]\nmfad_access_key = a", "", "", nil)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for i := range 50 {
				if i%10 == 0 {
					if err := os.Chtimes(r.Paths().Mfad, testTime, testTime); err != nil {
						t.Error(err)
					}
				}
				if _, err := r.Resolve(Query{Profile: "p"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestReaderRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "big")
	if err := os.WriteFile(big, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(big, MostBytes+1); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{dir: "is not a regular file", big: "is larger than 64 MiB"} {
		_, err := NewReader(Paths{name, os.DevNull, os.DevNull}, os.Getenv).Resolve(Query{Profile: "p"})
		if !errors.Is(err, ErrBadConfig) || !strings.Contains(err.Error(), name+": "+want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestProfilesListsMfadsFileFirst(t *testing.T) {
	r := setup(t, "[profile b]\nrole_arn = "+admin+"\nsource_profile = base\n[profile a]\nmfad_access_key = k",
		"[profile b]\ncredential_process = /x/mfad credentials --profile b\n[default]\nregion = eu-west-1\n[sso-session s]\n[profile odd%name]", "[keys]\n[b]", nil)
	got, err := r.Profiles()
	if err != nil {
		t.Fatal(err)
	}
	p := r.Paths()
	want := []ProfileInfo{
		{Name: "b", At: Origin{File: p.Mfad, Line: 1}, Served: true, RoleARN: admin, Source: "base"},
		{Name: "a", At: Origin{File: p.Mfad, Line: 4}, Source: "k"},
		{Name: "default", At: Origin{File: p.Config, Line: 3}},
		{Name: "odd%name", At: Origin{File: p.Config, Line: 6}},
		{Name: "keys", At: Origin{File: p.Credentials, Line: 1}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDefaultPaths(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want Paths
	}{
		{map[string]string{"HOME": "/h"}, Paths{"/h/.config/mfad/profiles", "/h/.aws/config", "/h/.aws/credentials"}},
		{map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": "/x", "AWS_CONFIG_FILE": "~/c", "AWS_SHARED_CREDENTIALS_FILE": "/k"}, Paths{"/x/mfad/profiles", "/h/c", "/k"}},
		{map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": "relative"}, Paths{"/h/.config/mfad/profiles", "/h/.aws/config", "/h/.aws/credentials"}},
	} {
		got, err := DefaultPaths(func(name string) string { return c.env[name] })
		if err != nil || got != c.want {
			t.Errorf("%v: %v, %v", c.env, got, err)
		}
	}
	if _, err := DefaultPaths(func(string) string { return "" }); err == nil {
		t.Error("no home folder and no error")
	}
}

func TestKeysNeverPrint(t *testing.T) {
	r := setup(t, "", "", "[p]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = hunter2\naws_session_token = hunter3", nil)
	chain, err := r.Resolve(Query{Profile: "p"})
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if text, err := json.Marshal(chain); err != nil || strings.Contains(string(text), "hunter") || strings.Contains(string(text), "aHVudGVy") {
			t.Errorf("JSON shows a secret, or %v", err)
		}
		if text := fmt.Sprintf(verb, chain.Source().(StaticKeys).Secret) + fmt.Sprintf(verb, *chain); strings.Contains(text, "hunter") || strings.Contains(text, fmt.Sprintf("%x", "hunter")) {
			t.Errorf("%s shows a secret", verb)
		}
	}
}

// Who brings a source for what this package refuses may read it.
func TestSettingThatASourceReadsIsNotRefused(t *testing.T) {
	r := setup(t, "", "[profile p]\nweb_identity_token_file = /token\n", "", nil)
	if _, err := r.Resolve(Query{Profile: "p"}); !errors.Is(err, ErrBadConfig) || !strings.Contains(err.Error(), "mfad does not serve web identity tokens") {
		t.Errorf("without a rule: %v", err)
	}
	rule := SourceRule{Keys: []string{keyWebIdentity}, Read: func(p *Profile) (Source, Origin, error) {
		v, ok := p.Identity(keyWebIdentity)
		if !ok {
			return nil, Origin{}, nil
		}
		return Process{Command: v}, v.Origin, nil
	}}
	chain, err := NewReader(r.Paths(), func(string) string { return "" }, rule).Resolve(Query{Profile: "p"})
	if err != nil || sketch(chain) != "process /token" {
		t.Errorf("with a rule: %v, %v", chain, err)
	}
}
