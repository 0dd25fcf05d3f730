package config

import (
	"fmt"
	"time"
)

// A Chain is a profile resolved: the steps that make its credentials, from the
// source of the identity to the last role. It holds everything that decides
// what is asked of AWS, and nothing of who asks.
type Chain struct {
	// Profile is the name that was resolved.
	Profile string
	// Steps has one source, then at most one Session, then the roles in the
	// order in which they are assumed.
	Steps []Step
	// Region is the profile's own region, for the caller's services.
	Region Value
}

// StepKind says what a step does.
type StepKind string

// The sources come first in a chain; exactly one of them.
const (
	// VaultKey is a long-term access key that the vault keeps.
	VaultKey StepKind = "vault-key"
	// StaticKeys are keys written in a file: long-term, or temporary when
	// SessionToken is set.
	StaticKeys StepKind = "static-keys"
	// Environment is credential_source = Environment: the agent's own.
	Environment StepKind = "environment"
	// EC2Instance is credential_source = Ec2InstanceMetadata.
	EC2Instance StepKind = "ec2-instance-metadata"
	// ECSContainer is credential_source = EcsContainer.
	ECSContainer StepKind = "ecs-container"
	// Process is somebody else's credential_process.
	Process StepKind = "process"
)

// What follows the source.
const (
	// Session is GetSessionToken, with a code if Serial is set.
	Session StepKind = "session"
	// Role is AssumeRole, with a code if Serial is set: then it stands first
	// after the source, since only a long-term key can give a code.
	Role StepKind = "role"
)

// A Step is one link of a [Chain]. Fields that its kind does not use are zero.
type Step struct {
	Kind StepKind
	// Profile is the profile that the step was read from.
	Profile string
	// At is where the step is declared.
	At Origin

	Key             Value     // VaultKey: the item's name
	AccessKeyID     Value     // StaticKeys
	SecretAccessKey Sensitive // StaticKeys
	SessionToken    Sensitive // StaticKeys, when they are temporary
	Command         Value     // Process: the command line as written

	Serial Value // Session, Role: the MFA device's serial number or ARN

	RoleARN        Value
	ExternalID     Value
	SessionName    Value // empty: the broker chooses a stable one
	Duration       Duration
	Tags           []Tag // in the order of the file
	TransitiveTags []string
	SourceIdentity Value
	Policy         Value
	PolicyARNs     []string

	// Endpoint says where a Session or Role step is asked for.
	Endpoint Endpoint
}

// Duration is the time asked for and where it was asked; Seconds 0 is AWS's
// default for the call (43,200 s for GetSessionToken, 3,600 s for AssumeRole).
type Duration struct {
	Seconds int32
	Origin  Origin
}

// Length is the duration as Go counts it.
func (d Duration) Length() time.Duration { return time.Duration(d.Seconds) * time.Second }

// Tag is one session tag.
type Tag struct{ Key, Value string }

// Endpoint is where STS is asked.
type Endpoint struct {
	// Region of the endpoint and of the signature; never empty once resolved.
	// "aws-global" is the global endpoint sts.amazonaws.com (sts_regional_endpoints
	// = legacy), signed for us-east-1.
	Region Value
	// URL overrides everything that AWS would derive; empty for AWS itself.
	URL Value
	// FIPS and DualStack choose AWS's variants.
	FIPS, DualStack bool
	// CABundle is a PEM file that replaces the system's roots.
	CABundle Value
}

// Global says that STS is asked at sts.amazonaws.com.
func (e Endpoint) Global() bool { return e.Region.Text == globalRegion && e.URL.Text == "" }

// Partition names the part of AWS that the endpoint belongs to, such as aws-cn:
// sessions that were made in any region of it are valid everywhere in it.
func (e Endpoint) Partition() string { return partitionOf(e.Region.Text) }

// Value is a setting and where it was found.
type Value struct {
	Text   string
	Origin Origin
}

// Origin says where a value came from: a line of a file, a variable of the
// agent's environment, or a rule of ours.
type Origin struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	Var  string `json:"var,omitempty"`
	// Rule names a default or a deduction, such as "default of AssumeRole".
	Rule string `json:"rule,omitempty"`
}

// String is how errors and listings name the place: "FILE:LINE", "$VAR", or the rule.
func (o Origin) String() string {
	switch {
	case o.File != "" && o.Line > 0:
		return fmt.Sprintf("%s:%d", o.File, o.Line)
	case o.File != "":
		return o.File
	case o.Var != "":
		return "$" + o.Var
	}
	return o.Rule
}

// Sensitive is a value of a file that must not be printed. It formats and
// marshals as [redacted].
type Sensitive struct {
	Bytes  []byte
	Origin Origin
}

const redacted = "[redacted]"

// Format implements [fmt.Formatter] for every verb.
func (Sensitive) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(redacted)) }

// MarshalText implements encoding.TextMarshaler; JSON and slog use it.
func (Sensitive) MarshalText() ([]byte, error) { return []byte(redacted), nil }
