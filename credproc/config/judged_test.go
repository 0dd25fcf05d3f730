package config

import (
	"strings"
	"testing"
)

// Why a judge says something else than we do, where it is not a mistake of ours.
const (
	noURLs    = "Debian's botocore is older than endpoint_url"
	noRegion  = "without a region the SDK asks nobody; AWS's default for credentials that work everywhere is us-east-1"
	global    = "without a region botocore asks the global endpoint, whose sessions some regions do not take"
	regional  = "it has dropped sts_regional_endpoints; AWS documents it still"
	awsGlobal = "it builds a host such as sts-fips.aws-global.amazonaws.com, which does not exist"
	sections  = "Python's parser takes no section twice"
	stricter  = "it asks, and AWS refuses"
	lenient   = "it reads a default instead of what is written"
	wholeFile = "one line that Python's parser refuses is a fault of the whole file"
	bothRoles = "it assumes the source's role too, by the source's keys; the published cases do not"
	passes    = "it passes over what it does not understand"
)

// Every row is a home that AWS's tools are shown too. A reason stands where
// one of them differs, and only there.
func TestProfilesMeanToUsWhatTheyMeanToAWSTools(t *testing.T) {
	const base = "[profile base]\n" + judgeKeys
	const role = judgeRole + "region = eu-west-1\n"
	const sts = "services = s\n" + base + "[services s]\n"
	const hop = "[profile p]\nrole_arn = " + deep + "\nsource_profile = q\nregion = eu-west-1\n"
	const other = "aws_access_key_id = AKIAIOSFODNN7OTHER00\naws_secret_access_key = x\n"
	const china = "role_arn = arn:aws-cn:iam::111122223333:role/r\nsource_profile = base\n"
	env := func(pairs ...string) map[string]string {
		out := map[string]string{}
		for _, pair := range pairs {
			name, value, _ := strings.Cut(pair, "=")
			out["AWS_"+name] = value
		}
		return out
	}
	rows := []struct {
		name, config, credentials string
		env                       map[string]string
		sdk, botocore             string // why they differ
		want                      string // a part of our error, or nothing
	}{
		{name: "no region", config: judgeRole + base, sdk: noRegion, botocore: global},
		{name: "the default profile's region is another's", config: judgeRole + base + "[default]\nregion = eu-west-1\n", sdk: noRegion, botocore: global},
		{name: "the source's region is its own", config: judgeRole + base + "region = eu-west-1\n", sdk: noRegion, botocore: global},
		{name: "the source's endpoint is its own", config: role + base + "endpoint_url = https://x.test\nuse_fips_endpoint = true\n"},
		{name: "AWS_REGION before AWS_DEFAULT_REGION", config: role + base, env: env("REGION=eu-west-2", "DEFAULT_REGION=eu-west-3")},
		{name: "AWS_DEFAULT_REGION before the profile's", config: role + base, env: env("DEFAULT_REGION=eu-west-3")},
		{name: "an empty region hides the config's", config: role + base, credentials: "[p]\nregion =\n", sdk: noRegion, botocore: "it builds a host with two dots"},
		{name: "legacy", config: role + "sts_regional_endpoints = legacy\n" + base, sdk: regional, botocore: regional},
		{name: "aws-global", config: judgeRole + "region = aws-global\n" + base},
		{name: "aws-global with FIPS", config: judgeRole + "region = aws-global\nuse_fips_endpoint = true\n" + base, sdk: awsGlobal, botocore: awsGlobal},
		{name: "aws-global with dual-stack", config: judgeRole + "region = aws-global\nuse_dualstack_endpoint = true\n" + base, sdk: awsGlobal, botocore: awsGlobal},
		{name: "aws-global at an endpoint", config: judgeRole + "region = aws-global\nendpoint_url = https://x.test\n" + base, sdk: "it signs for aws-global, which no STS takes", botocore: noURLs},
		{name: "a FIPS region of old", config: judgeRole + "region = fips-us-east-1\n" + base, sdk: stricter, botocore: "it takes names of old still", want: "write region = us-east-1 and use_fips_endpoint = true"},
		{name: "FIPS switched off by the variable", config: role + "use_fips_endpoint = true\n" + base, env: env("USE_FIPS_ENDPOINT=false")},
		{name: "FIPS and dual-stack", config: role + "use_fips_endpoint = true\nuse_dualstack_endpoint = TRUE\n" + base},
		{name: "dual-stack in China", config: "[profile p]\nregion = cn-north-1\nuse_dualstack_endpoint = true\n" + china + base},
		{name: "FIPS at an endpoint", config: role + "use_fips_endpoint = true\nendpoint_url = https://x.test\n" + base, botocore: noURLs, want: "FIPS and dual-stack endpoints are AWS's own"},
		{name: "a region of another partition", config: "[profile p]\nregion = us-east-1\n" + china + base, sdk: stricter, botocore: stricter, want: "region us-east-1 is of partition aws, and the profile's role or device of aws-cn"},

		{name: "endpoint_url", config: role + "endpoint_url = https://x.test/base/\n" + base, botocore: noURLs},
		{name: "the service's before it", config: role + "endpoint_url = https://x.test\n" + sts + "sts =\n  endpoint_url = https://sts.test\n", botocore: noURLs},
		{name: "in capitals", config: role + sts + "STS =\n  ENDPOINT_URL = https://sts.test\n", botocore: noURLs},
		{name: "twice", config: role + sts + "sts =\n  endpoint_url = https://a.test\n  endpoint_url = https://b.test\n", botocore: noURLs},
		{name: "with CRLF", config: role + sts + "sts =\r\n  endpoint_url = https://a.test\r\n", botocore: noURLs},
		{name: "a comment of a nested value is in it", config: role + sts + "sts =\n  endpoint_url = https://a.test # c\n", botocore: noURLs, want: "endpoint_url is not a plain URL"},
		{name: "a section in two parts", config: role + sts + "sts =\n  endpoint_url = https://a.test\n[services s]\ns3 =\n  endpoint_url = https://b.test\n", botocore: sections},
		{name: "not nested", config: role + sts + "sts = x\n  endpoint_url = https://a.test\n"},
		{name: "no such section", config: role + "services = none\n" + base, sdk: "it passes over the setting; newer botocore refuses it too", botocore: noURLs, want: `services names "none"`},
		{name: "AWS_ENDPOINT_URL before the profile's", config: role + "endpoint_url = https://x.test\n" + base, env: env("ENDPOINT_URL=https://e.test"), botocore: noURLs},
		{name: "AWS_ENDPOINT_URL before the service's", config: role + sts + "sts =\n  endpoint_url = https://sts.test\n", env: env("ENDPOINT_URL=https://e.test"), botocore: noURLs},
		{name: "AWS_ENDPOINT_URL_STS before it", config: role + base, env: env("ENDPOINT_URL=https://e.test", "ENDPOINT_URL_STS=https://s.test"), botocore: noURLs},
		{name: "ignored by the profile", config: role + "ignore_configured_endpoint_urls = true\nendpoint_url = https://x.test\n" + base, env: env("ENDPOINT_URL_STS=https://s.test")},
		{name: "ignored by the variable", config: role + "endpoint_url = https://x.test\n" + base, env: env("IGNORE_CONFIGURED_ENDPOINT_URLS=true", "ENDPOINT_URL=https://e.test")},
		{name: "not ignored by the variable", config: role + "ignore_configured_endpoint_urls = true\nendpoint_url = https://x.test\n" + base, env: env("IGNORE_CONFIGURED_ENDPOINT_URLS=false"), botocore: noURLs},

		{name: "itself", config: strings.Replace(role, "= base", "= p", 1) + judgeKeys},
		{name: "itself, with keys in the other file", config: strings.Replace(role, "= base", "= p", 1), credentials: "[p]\n" + judgeKeys},
		{name: "a loop", config: hop + "[profile q]\nrole_arn = " + admin + "\nsource_profile = p\n", want: "closes the loop p -> q -> p"},
		{name: "a loop through keys", config: hop + "[profile q]\nrole_arn = " + admin + "\nsource_profile = p\n" + judgeKeys, sdk: bothRoles},
		{name: "keys beside a role that is asked for", config: role + other + base},
		{name: "keys beside the role of a source", config: hop + "[profile q]\nrole_arn = " + admin + "\nsource_profile = base\n" + other + base, sdk: bothRoles},
		{name: "and in the credentials file", config: hop + "[profile q]\nrole_arn = " + admin + "\nsource_profile = base\n" + base, credentials: "[q]\n" + other, sdk: bothRoles},
		{name: "a source that names itself and has keys", config: hop + "[profile q]\nrole_arn = " + admin + "\nsource_profile = q\n" + other, sdk: bothRoles},
		{name: "and keys in the credentials file", config: hop + "[profile q]\nrole_arn = " + admin + "\nsource_profile = q\n", credentials: "[q]\n" + other, sdk: bothRoles},
		{name: "half of the keys beside the role of a source", config: hop + "[profile q]\nrole_arn = " + admin + "\nsource_profile = base\naws_access_key_id = AKIAIOSFODNN7OTHER00\n" + base, want: "has aws_access_key_id and no aws_secret_access_key"},
		{name: "keys beside the role of a source's source", config: hop + "[profile q]\nrole_arn = " + admin + "\nsource_profile = r\n[profile r]\nrole_arn = " + admin + "\ncredential_source = Environment\n" + other, sdk: "it refuses r"},
		{name: "a role in the credentials file", config: "[profile p]\nregion = eu-west-1\n" + base, credentials: "[p]\nrole_arn = " + admin + "\nsource_profile = base\n"},
		{name: "keys in two files", config: role + "[profile base]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n", credentials: "[base]\naws_secret_access_key = x\n", want: "has aws_secret_access_key and no aws_access_key_id"},
		{name: "keys of both files are not mixed", config: role + "[profile base]\n" + other + "aws_session_token = t\n", credentials: "[base]\n" + judgeKeys, sdk: "it sends the token of one file with the keys of the other"},
		{name: "keys before a process", config: role + base + "credential_process = /bin/false\n", botocore: "in a config file, botocore asks the process"},
		{name: "a source without anything", config: role + "[profile base]\noutput = json\n", want: "has no source of credentials"},
		{name: "no source", config: "[profile p]\nregion = eu-west-1\nrole_arn = " + admin + "\n", want: "has no source"},
		{name: "a source without a role", config: "[profile p]\nregion = eu-west-1\nsource_profile = base\n" + base, sdk: "it wants role_arn; to us it is another name for the source", botocore: "as the SDK"},
		{name: "no word profile", config: "[p]\nregion = eu-west-1\n" + judgeKeys, want: "no profile"},
		{name: "tabs in a header", config: strings.Replace(role, "[profile p]", "[ profile\tp ]", 1) + base, botocore: "Python's header is not trimmed"},
		{name: "a byte order mark and CRLF", config: "\uFEFF" + strings.ReplaceAll(role, "\n", "\r\n") + base, sdk: "it sees no first section", botocore: "it sees no first section"},

		{name: "an empty external id is none", config: role + "external_id =\n" + base, botocore: "it sends it, and refuses to"},
		{name: "no duration", config: role + "duration_seconds =\n" + base},
		{name: "a duration in words", config: role + "duration_seconds = 1h\n" + base, sdk: lenient, botocore: lenient, want: `duration_seconds "1h" is not a number`},
		{name: "a long chained role", config: hop + "duration_seconds = 7200\n[profile q]\nrole_arn = " + admin + "\nsource_profile = base\n" + base, sdk: stricter, botocore: stricter, want: "duration_seconds is 7200"},
		{name: "the source's device", config: role + base + "mfa_serial = " + userDevice + "\n", sdk: "it asks for no code; with one, more roles can be assumed", botocore: "as the SDK"},
		{name: "temporary keys and a device", config: role + "mfa_serial = " + userDevice + "\n" + base + "aws_session_token = t\n", sdk: stricter, botocore: stricter, want: "mfa_serial needs a long-term key"},
		{name: "AWS_ROLE_SESSION_NAME", config: role + "role_session_name = jo\n" + base, env: env("ROLE_SESSION_NAME=env"), sdk: "it heeds it for web identities only; AWS documents it for roles", botocore: "as the SDK"},
		{name: "quotes", config: strings.Replace(role, "= "+admin, `= "`+admin+`"`, 1) + base, sdk: "it takes them off; botocore sends them", botocore: stricter, want: "is not a role"},
		{name: "a colon", config: strings.Replace(role, "region =", "region:", 1) + base},
		{name: "a colon before an equals sign", config: role + strings.Replace(base, "secret_access_key = secret", "secret_access_key: a=b", 1)},
		{name: "an indented section", config: "  " + strings.ReplaceAll(strings.TrimSpace(role), "\n", "\n  ") + "\n" + base},
		{name: "text behind a header", config: strings.Replace(role, "[profile p]", "[profile p] x", 1) + base, sdk: "it does not see the header", want: ""},
		{name: "quotes round a name", config: strings.Replace(role, "= base", "= b", 1) + "[profile 'b']\n" + judgeKeys, sdk: "to it the quotes are letters of the name"},
		{name: "a comma, a percent sign and letters of all kinds", config: strings.Replace(role, "= base", "= ü,%", 1) + "[profile ü,%]\n" + judgeKeys},
		{name: "blanks in a name", config: strings.Replace(role, "= base", "= a b", 1) + "[profile 'a b']\nregion = us-east-1\n", credentials: "[a b]\n" + judgeKeys},
		{name: "an odd line in another section", config: role + base + "[profile x]\nno equals sign\n", botocore: wholeFile},
		{name: "a line above the first header", config: "x = y\n" + role + base, botocore: wholeFile},
		{name: "an odd line in this one", config: role + "no equals sign\n" + base, sdk: passes, botocore: "", want: ":5: Expected an '=' sign"},
		{name: "an odd line in the source", config: role + base + "no equals sign\n", sdk: passes, want: ":8: Expected an '=' sign"},
	}
	trials := make([]trial, len(rows))
	for i, row := range rows {
		trials[i] = trial{config: row.config, credentials: row.credentials, env: row.env, profile: "p"}
		trials[i].show(t)
	}
	botocore := botocoreStories(t, trials)
	for i, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			ours := ourStory(t, trials[i].reader, "p")
			if (ours.Fault != "") != (row.want != "") || !strings.Contains(ours.Fault, row.want) {
				t.Errorf("error %q, want %q", ours.Fault, row.want)
			}
			for _, judge := range []struct {
				name, reason string
				theirs       story
			}{{"the Go SDK", row.sdk, trials[i].sdk(t)}, {"botocore", row.botocore, botocore[i]}} {
				diff := differences(ours, judge.theirs)
				if (diff != "") != (judge.reason != "") {
					t.Errorf("%s: reason to differ %q, (-theirs +ours):\n%s", judge.name, judge.reason, diff)
				}
			}
		})
	}
}
