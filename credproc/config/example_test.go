package config_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/mfad/mfad/credproc/config"
)

const exampleConfig = `[profile prod]
source_profile = base
role_arn = arn:aws:iam::123456789012:role/Admin
mfa_serial = arn:aws:iam::123456789012:mfa/alice
region = eu-central-1
`

// A profile becomes a chain: its source (an access key of the vault), one MFA
// session, and the role. Each value knows the line that it came from.
func ExampleReader_Resolve() {
	dir, err := os.MkdirTemp("", "aws")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	paths := config.Paths{
		Mfad:        filepath.Join(dir, "profiles"),
		Config:      filepath.Join(dir, "config"),
		Credentials: filepath.Join(dir, "credentials"),
	}
	if err := os.WriteFile(paths.Config, []byte(exampleConfig), 0o600); err != nil {
		log.Fatal(err)
	}

	noVariables := func(string) string { return "" }
	chain, err := config.NewReader(paths, noVariables).Resolve(config.Query{
		Profile: "prod",
		HasKey:  func(name string) bool { return name == "base" },
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, step := range chain.Steps {
		for _, detail := range step.Details() {
			fmt.Printf("%s: %s %s (%s)\n", step.Kind(), detail.Name, detail.Text, filepath.Base(detail.Origin.String()))
		}
	}
	// Output:
	// vault-key: access key base (config:2)
	// session: MFA device arn:aws:iam::123456789012:mfa/alice (config:4)
	// session: duration default (default of GetSessionToken)
	// session: STS region eu-central-1 (config:5)
	// role: role arn:aws:iam::123456789012:role/Admin (config:3)
	// role: duration default (default of AssumeRole)
	// role: STS region eu-central-1 (config:5)
}
