// Package config reads the AWS shared config format and resolves a profile into
// a [Chain]. Package syntax below it takes a file apart; package edit above it
// changes the files.
//
// Three files count: mfad's own, in the same format as ~/.aws/config; AWS's
// config; and AWS's credentials. A setting is looked for in mfad's file, then
// in AWS's credentials file, then in its config file, as AWS merges them. But
// who a profile is comes from one place: when mfad's file has any of the
// settings that the first two groups below list, AWS's files are not asked for
// those.
//
// What a profile may say:
//
//	where its identity comes from
//	  mfad_access_key          name of an access key of the vault
//	  source_profile           another profile, or an access key of the vault
//	  credential_source        Environment, Ec2InstanceMetadata, EcsContainer
//	  aws_access_key_id, aws_secret_access_key, aws_session_token, aws_security_token
//	  credential_process       somebody else's; never mfad itself
//	  aws_account_id           whose the keys or the process's credentials are
//	the role that it assumes
//	  role_arn, role_session_name, external_id, source_identity
//	  duration_seconds         of the role; without role_arn, of the MFA session
//	  session_tags             KEY=VALUE,KEY=VALUE
//	  transitive_session_tags  KEY,KEY
//	  policy                   the session policy, JSON in place
//	  policy_arns              ARN,ARN
//	the device
//	  mfa_serial               proved once, by the identity, whichever profile names it
//	where STS is asked
//	  region, sts_regional_endpoints, use_fips_endpoint, use_dualstack_endpoint,
//	  ca_bundle, endpoint_url, services (-> [services NAME], sts =, endpoint_url =),
//	  ignore_configured_endpoint_urls
//
// session_tags, transitive_session_tags and source_identity are aws-vault's
// names; policy and policy_arns are AssumeRole's own parameters. AWS's tools
// pass over those five and mfad_access_key.
//
// The variables of the agent's own environment come before the files, as AWS
// documents: AWS_REGION, AWS_DEFAULT_REGION, AWS_ROLE_SESSION_NAME,
// AWS_STS_REGIONAL_ENDPOINTS, AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT,
// AWS_CA_BUNDLE, AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL,
// AWS_IGNORE_CONFIGURED_ENDPOINT_URLS. The endpoint settings of the profile
// that was asked for hold for every step of its chain. A region that the caller
// or the environment gives in another partition than the profile's is not for it.
//
// AWS's tools differ in places, from AWS's documents and from each other;
// docs/config.md and the tests tell each such place with its reason. Where they
// would ask AWS for what it refuses, or guess, this package says what to write.
// Whoever serves profiles reads lines as the tools do, and a line that they do
// not agree on is the fault of its own section; whoever edits reads strictly.
//
// The package fetches nothing, keeps no secret of its own and knows no vault:
// Identity Center, web identity and `aws login` profiles are refused with a
// line that says so.
package config

import (
	"errors"
	"path/filepath"
)

// Paths are the files that decide.
type Paths struct {
	Mfad        string // mfad's profiles
	Config      string // AWS's config
	Credentials string // AWS's credentials
}

// DefaultPaths says where the files are: $XDG_CONFIG_HOME/mfad/profiles,
// $AWS_CONFIG_FILE and $AWS_SHARED_CREDENTIALS_FILE, or their defaults under
// the home folder that the environment names.
func DefaultPaths(getenv func(string) string) (Paths, error) {
	home := homeOf(getenv)
	pick := func(name string, rest ...string) string {
		if name = expandHome(name, home); name != "" {
			return name
		}
		return filepath.Join(append([]string{home}, rest...)...)
	}
	// The XDG base directory specification says to pass over relative paths.
	xdg := getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(xdg) {
		xdg = filepath.Join(home, ".config")
	}
	p := Paths{
		Mfad:        filepath.Join(xdg, "mfad", "profiles"),
		Config:      pick(getenv("AWS_CONFIG_FILE"), ".aws", "config"),
		Credentials: pick(getenv("AWS_SHARED_CREDENTIALS_FILE"), ".aws", "credentials"),
	}
	for _, name := range []string{p.Mfad, p.Config, p.Credentials} {
		if !filepath.IsAbs(name) {
			return Paths{}, errors.New("no home folder: set HOME," +
				" and write AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE as absolute paths")
		}
	}
	return p, nil
}

func homeOf(getenv func(string) string) string {
	if home := getenv("HOME"); home != "" {
		return home
	}
	return getenv("USERPROFILE")
}

// expandHome replaces a leading ~ as AWS's tools do for their variables.
func expandHome(name, home string) string {
	if name == "~" || len(name) > 1 && name[0] == '~' && (name[1] == '/' || name[1] == filepath.Separator) {
		return filepath.Join(home, name[1:])
	}
	return name
}
