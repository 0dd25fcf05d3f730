package config

import "slices"

// The settings that mfad reads, by their names in a file.
const (
	KeyAccessKey        = "mfad_access_key"
	KeySourceProfile    = "source_profile"
	KeyCredentialSource = "credential_source"
	KeyProcess          = "credential_process"
	KeyRoleARN          = "role_arn"
	KeyExternalID       = "external_id"
	KeySessionName      = "role_session_name"
	KeyDuration         = "duration_seconds"
	KeyTags             = "session_tags"
	KeyTransitiveTags   = "transitive_session_tags"
	KeySourceIdentity   = "source_identity"
	KeyPolicy           = "policy"
	KeyPolicyARNs       = "policy_arns"
	KeySerial           = "mfa_serial"
	KeyRegion           = "region"
	KeyOutput           = "output"

	keyAccessKeyID     = "aws_access_key_id"
	keySecretAccessKey = "aws_secret_access_key"
	keySessionToken    = "aws_session_token"
	keySecurityToken   = "aws_security_token" // the session token's name of old
	keyAccountID       = "aws_account_id"

	keyEndpointURL    = "endpoint_url"
	keyServices       = "services"
	keySTS            = "sts" // in a services section
	keyIgnoreURLs     = "ignore_configured_endpoint_urls"
	keyRegionalSTS    = "sts_regional_endpoints"
	keyFIPS           = "use_fips_endpoint"
	keyDualStack      = "use_dualstack_endpoint"
	keyCABundle       = "ca_bundle"
	keyWebIdentity    = "web_identity_token_file"
	keyLoginSession   = "login_session"
	keySSOSession     = "sso_session"
	keySSOStartURL    = "sso_start_url"
	keySSOAccount     = "sso_account_id"
	keySSORole        = "sso_role_name"
	sourceEnvironment = "Environment"
	sourceEC2         = "Ec2InstanceMetadata"
	sourceECS         = "EcsContainer"
)

// How a credential_process asks mfad: PROGRAM credentials --profile NAME.
const (
	ProgramName     = "mfad"
	CredentialsVerb = "credentials"
)

// staticKeys are the keys themselves.
var staticKeys = []string{keyAccessKeyID, keySecretAccessKey, keySessionToken, keySecurityToken}

// StaticKeyNames are the settings that keys in a file have.
func StaticKeyNames() []string { return slices.Clone(staticKeys) }

// IdentityKeys are the settings that say who a profile is, beside its keys. They
// come from one file, and move into mfad's when a profile is adopted.
func IdentityKeys() []string { return slices.Clone(identityKeys) }

var identityKeys = []string{
	KeyAccessKey, KeySourceProfile, KeyCredentialSource, KeyProcess,
	KeyRoleARN, KeyExternalID, KeySessionName, KeyDuration, KeyTags, KeyTransitiveTags,
	KeySourceIdentity, KeyPolicy, KeyPolicyARNs,
}

// foreignKey is a setting that makes a profile one that mfad does not serve, and
// what it is about.
type foreignKey struct{ key, what string }

// foreign are those, unless a [SourceRule] reads them.
var foreign = []foreignKey{
	{keySSOSession, identityCenter},
	{keySSOStartURL, identityCenter},
	{keySSOAccount, identityCenter},
	{keySSORole, identityCenter},
	{keyWebIdentity, "web identity tokens"},
	{keyLoginSession, "`aws login` sessions"},
}

const identityCenter = "IAM Identity Center"

var foreignKeys = func() (keys []string) {
	for _, f := range foreign {
		keys = append(keys, f.key)
	}
	return keys
}()
