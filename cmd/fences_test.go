package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// arrows is the house: which of our own packages each room may import, beside
// the leaves in internal, which any may. A room that is missing here, or an
// arrow that is not, fails the test: both are decisions, to be made here and
// seen in review.
var arrows = map[string][]string{
	"internal/durable":         {},
	"internal/lane":            {},
	"internal/line":            {},
	"internal/sibling":         {},
	"internal/durable/faultfs": {},
	"keystore/keychain":        {},
	"keystore/plugintest":      {},
	"keystore":                 {},

	"token/totp": {},
	"token/qr":   {},

	"token":                   {},
	"token/pcsc":              {"token"},
	"token/oath":              {"token"},
	"token/yubikey":           {"token"},
	"token/piv":               {"token", "token/pcsc"},
	"token/fido2":             {"token"},
	"token/tokentest":         {},
	"token/tokentest/ctap":    {},
	"token/tokentest/virtual": {"token/tokentest", "token/tokentest/ctap"},

	"credproc/config/syntax":   {},
	"credproc/config":          {"credproc/config/syntax"},
	"credproc/config/edit":     {"credproc/config", "credproc/config/syntax"},
	"credproc/flight":          {},
	"credproc":                 {"credproc/config", "credproc/flight", "credproc/sigv4"},
	"credproc/sigv4":           {},
	"credproc/aws":             {"credproc", "credproc/config", "credproc/sigv4"},
	"credproc/sts":             {"credproc", "credproc/config", "credproc/aws"},
	"credproc/machine":         {"credproc", "credproc/config"},
	"credproc/command":         {"credproc", "credproc/config"},
	"credproc/sourcetest":      {"credproc", "credproc/config"},
	"credproc/awstest":         {},
	"credproc/awstest/standin": {"credproc/awstest"},
	"credproc/awstest/foreign": {},

	"agent/wire":              {},
	"agent/peer":              {},
	"agent/harden":            {},
	"agent/prompt":            {"agent/wire", "agent/client"},
	"agent/prompt/pinentry":   {"agent/prompt", "agent/wire"},
	"agent/prompt/notify":     {"agent/prompt", "agent/wire", "agent/peer"},
	"agent/prompt/screentest": {},
	"agent/client":            {"agent/wire", "agent/peer"},
	"agent/client/minimal":    {},
	"agent/server":            {"agent/wire", "agent/peer"},
	"agent": {
		"agent/wire", "agent/server", "agent/peer", "credproc", "credproc/config", "credproc/flight", "credproc/sigv4",
		"keystore", "keystore/keychain", "token", "token/totp",
	},

	"cmd":          {},
	"cmd/mfad":     {},
	"cmd/mfad-cli": {"agent/client", "agent/wire", "agent/prompt", "agent/harden", "credproc/config", "credproc/config/edit"},
	"cmd/mfad-agent": {
		"agent", "agent/server", "agent/harden", "agent/wire", "credproc/config", "credproc/sts", "credproc/machine", "credproc/command",
		"keystore", "keystore/keychain", "token", "token/totp", "token/qr",
		"agent/prompt", "agent/prompt/pinentry", "agent/prompt/notify",
	},
	"cmd/mfad-token": {"agent/harden", "agent/wire", "token", "token/pcsc", "token/oath", "token/yubikey", "token/piv", "token/fido2"},
}

// leaves are small, know nothing of the house, and may be used on every floor.
const leaves = "internal/"

func TestArrowsRunDown(t *testing.T) {
	for _, p := range goList(t, nil, module+"/...") {
		room := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		allowed, known := arrows[room]
		if !known {
			t.Errorf("package %s is not in the plan of the house", room)
			continue
		}
		for _, imported := range p.Imports {
			to, ours := strings.CutPrefix(imported, module+"/")
			if ours && !strings.HasPrefix(to, leaves) && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s: no such arrow", room, to)
			}
		}
	}
}

// The client runs on every aws command; what it links is what its start costs.
func TestClientLinksOnlyWhatItMust(t *testing.T) {
	forbidden := []string{
		"net/http", "crypto/tls", "runtime/cgo", "os/user", "database/sql",
		"github.com/aws/", "github.com/godbus/", "github.com/zalando/", "github.com/pquerna/",
		"github.com/makiuchi-d/", "filippo.io/",
		module + "/keystore$", module + "/keystore/keychain", module + "/token", module + "/credproc$", module + "/credproc/sts",
	}
	for _, platform := range platforms {
		for _, dep := range goList(t, platform.env(), module+"/cmd/mfad")[0].Deps {
			for _, f := range forbidden {
				exact, isExact := strings.CutSuffix(f, "$")
				if isExact && dep == exact || !isExact && strings.HasPrefix(dep, f) {
					t.Errorf("on %s cmd/mfad links %s", platform, dep)
				}
			}
		}
	}
}

type platform struct{ os, arch string }

var platforms = []platform{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "arm64"}, {"windows", "amd64"}}

func (p platform) String() string { return p.os + "/" + p.arch }
func (p platform) env() []string {
	return []string{"CGO_ENABLED=0", "GOOS=" + p.os, "GOARCH=" + p.arch}
}

func TestProgramsBuildWithoutCgoEverywhere(t *testing.T) {
	for _, p := range platforms {
		t.Run(p.String(), func(t *testing.T) {
			dir := t.TempDir()
			cmd := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "./mfad", "./mfad-cli", "./mfad-agent")
			cmd.Env = append(os.Environ(), p.env()...)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		})
	}
}
