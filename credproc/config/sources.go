package config

// The kinds of sources that this package reads; every chain begins with one.
const (
	KindVaultKey    StepKind = "vault-key"
	KindStaticKeys  StepKind = "static-keys"
	KindEnvironment StepKind = "environment"
	KindEC2         StepKind = "ec2-instance-metadata"
	KindECS         StepKind = "ecs-container"
	KindProcess     StepKind = "process"
)

// VaultKey is a long-term access key that the vault keeps under a name.
type VaultKey struct{ Name Value }

// StaticKeys are keys written in a file: long-term, or temporary when Token is
// set. Account is what the profile says of them, if it does.
type StaticKeys struct {
	ID            Value
	Secret, Token Sensitive
	Account       Value
}

// Environment is credential_source = Environment: the agent's own.
type Environment struct{ Lives Life }

// Machine is what the agent runs on: [KindEC2] is credential_source =
// Ec2InstanceMetadata, [KindECS] is credential_source = EcsContainer.
type Machine StepKind

// Process is somebody else's credential_process: the command line as written,
// and the account of what it prints, if the profile says that.
type Process struct{ Command, Account Value }

var _, _, _, _, _ Source = VaultKey{}, StaticKeys{}, Environment{}, Machine(""), Process{}

// Kind implements [Spec].
func (VaultKey) Kind() StepKind { return KindVaultKey }

// Life implements [Source].
func (VaultKey) Life() Life { return LongTerm }

// Describe implements [Spec].
func (k VaultKey) Describe(Origin) []Detail { return []Detail{{"access key", k.Name}} }

// Kind implements [Spec].
func (StaticKeys) Kind() StepKind { return KindStaticKeys }

// Life implements [Source].
func (k StaticKeys) Life() Life {
	if len(k.Token.Bytes) > 0 {
		return Temporary
	}
	return LongTerm
}

// Describe implements [Spec].
func (k StaticKeys) Describe(Origin) []Detail {
	return []Detail{{"access key id", k.ID}, {"account", k.Account}}
}

// Kind implements [Spec].
func (Environment) Kind() StepKind { return KindEnvironment }

// Life implements [Source].
func (e Environment) Life() Life { return e.Lives }

// Describe implements [Spec].
func (Environment) Describe(Origin) []Detail { return nil }

// Kind implements [Spec].
func (m Machine) Kind() StepKind { return StepKind(m) }

// Life implements [Source].
func (Machine) Life() Life { return RoleSession }

// Describe implements [Spec].
func (Machine) Describe(Origin) []Detail { return nil }

// Kind implements [Spec].
func (Process) Kind() StepKind { return KindProcess }

// Life implements [Source].
func (Process) Life() Life { return UnknownLife }

// Describe implements [Spec].
func (p Process) Describe(Origin) []Detail {
	return []Detail{{"command", p.Command}, {"account", p.Account}}
}
