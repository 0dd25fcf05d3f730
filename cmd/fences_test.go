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
	"internal/closed":          {},
	"internal/durable":         {},
	"internal/environ":         {},
	"internal/errcode":         {},
	"internal/forget":          {},
	"internal/human":           {},
	"internal/inherited":       {},
	"internal/lane":            {},
	"internal/line":            {},
	"internal/logfile":         {},
	"internal/owner":           {},
	"internal/params":          {},
	"internal/pause":           {},
	"internal/pinguard":        {},
	"internal/places":          {},
	"internal/proctest":        {},
	"internal/sealed":          {},
	"internal/serial":          {},
	"internal/sibling":         {},
	"internal/socket":          {},
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
	"token/serve":             {"token"},
	"token/persontest":        {"token"},
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
	"agent/ask":               {"agent/wire", "agent/peer"},
	"agent/prompt":            {},
	"agent/prompt/pinentry":   {"agent/prompt", "agent/wire"},
	"agent/prompt/notify":     {"agent/prompt", "agent/wire", "agent/peer"},
	"agent/prompt/screentest": {},
	"agent/client":            {"agent/wire", "agent/peer"},
	"agent/client/cached":     {},
	"agent/client/minimal":    {},
	"agent/server":            {"agent/wire", "agent/peer"},
	"agent/tokenperson":       {"credproc", "token"},
	"agent/tokenrack":         {"token"},
	"agent/audit":             {},
	"agent/inventory":         {"credproc", "credproc/config", "keystore", "token", "token/totp"},
	"agent/vault": {
		"agent/inventory", "agent/tokenperson", "credproc", "credproc/flight", "keystore", "keystore/keychain",
		"token",
	},
	"agent/ontoken": {
		"agent/audit", "agent/inventory", "agent/tokenperson", "agent/vault", "credproc",
		"credproc/flight", "credproc/sigv4", "keystore", "token", "token/totp",
	},
	"agent/codes": {
		"agent/inventory", "agent/ontoken", "agent/tokenperson", "agent/vault", "credproc", "keystore",
		"token/totp",
	},
	"agent/naming": {"agent/codes", "agent/inventory", "agent/vault", "credproc", "credproc/config", "keystore"},
	"agent/trust":  {"agent/audit", "agent/inventory", "agent/vault", "credproc", "credproc/flight", "keystore"},
	"agent": {
		"agent/ask", "agent/audit", "agent/codes", "agent/inventory", "agent/naming", "agent/ontoken", "agent/peer",
		"agent/server", "agent/tokenperson", "agent/trust", "agent/vault", "agent/wire", "credproc",
		"credproc/config", "credproc/sigv4", "keystore", "token", "token/totp",
	},

	"cmd":      {},
	"cmd/mfad": {"agent/client/cached", "agent/harden"},
	"cmd/mfad-cli": {
		"agent/client", "agent/client/cached", "agent/harden", "agent/prompt", "agent/wire", "cmd/mfad-cli/internal/become", "cmd/mfad-cli/internal/clipboard",
		"cmd/mfad-cli/internal/doctor", "cmd/mfad-cli/internal/keycsv", "cmd/mfad-cli/internal/manpages", "cmd/mfad-cli/internal/shelltext",
		"cmd/mfad-cli/internal/table", "cmd/mfad-cli/internal/tokentext", "cmd/mfad-cli/internal/tty", "cmd/mfad-cli/internal/words",
		"credproc/config", "credproc/config/edit",
	},
	"cmd/mfad-cli/internal/become":    {},
	"cmd/mfad-cli/internal/clipboard": {},
	"cmd/mfad-cli/internal/doctor": {
		"agent/wire", "cmd/mfad-cli/internal/table", "cmd/mfad-cli/internal/tokentext", "cmd/mfad-cli/internal/words",
		"credproc/config", "credproc/config/edit",
	},
	"cmd/mfad-cli/internal/keycsv":    {"credproc/config"},
	"cmd/mfad-cli/internal/manpages":  {},
	"cmd/mfad-cli/internal/shelltext": {"agent/client/cached", "agent/wire"},
	"cmd/mfad-cli/internal/table":     {},
	"cmd/mfad-cli/internal/tokentext": {"agent/wire", "cmd/mfad-cli/internal/table", "cmd/mfad-cli/internal/words"},
	"cmd/mfad-cli/internal/tty":       {},
	"cmd/mfad-cli/internal/words":     {"agent/wire"},
	"cmd/mfad-agent": {
		"agent", "agent/ask", "agent/server", "agent/harden", "agent/wire", "credproc/command", "credproc/config", "credproc/machine", "credproc/sts",
		"keystore", "keystore/keychain", "token", "token/totp", "token/qr",
		"agent/prompt", "agent/prompt/pinentry", "agent/prompt/notify",
	},
	"cmd/mfad-token": {"agent/harden", "agent/wire", "token", "token/pcsc", "token/oath", "token/yubikey", "token/piv", "token/fido2", "token/serve"},
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

// mfad runs on every aws command; what it links is what its start costs.
func TestDoorLinksNextToNothing(t *testing.T) {
	forbidden := []string{
		"encoding", "net", "regexp", "fmt", "reflect", "os/exec", "os/signal", "context", "log", "text", "html", "crypto",
		"runtime/cgo", "github.com/spf13", "github.com/sourcegraph", "golang.org",
	}
	// What a system cannot do without: darwin to ask for a peer's user, Windows
	// to run mfad-cli, which cannot take the door's place there.
	needed := map[string][]string{
		"darwin":  {"golang.org/x/sys/unix", "encoding/binary", "reflect", "fmt"},
		"windows": {"os/exec", "os/signal", "context"},
	}
	for _, platform := range platforms {
		for _, dep := range goList(t, platform.env(), module+"/cmd/mfad")[0].Deps {
			linked := func(f string) bool { return dep == f || strings.HasPrefix(dep, f+"/") }
			if slices.ContainsFunc(forbidden, linked) && !slices.Contains(needed[platform.os], dep) {
				t.Errorf("on %s cmd/mfad links %s", platform, dep)
			}
		}
	}
	t.Logf("cmd/mfad has %d bytes, as it is installed", installedSize(t, "mfad"))
}

// installedSize is what the Makefile makes of one of our programs, in bytes.
func installedSize(tb testing.TB, name string) int64 {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "./"+name)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("%v\n%s", err, out)
	}
	return must(os.Stat(path))(tb).Size()
}

// mfad-cli runs on every call that the cache does not answer.
func TestClientLinksOnlyWhatItMust(t *testing.T) {
	forbidden := []string{
		"net/http", "crypto/tls", "runtime/cgo", "os/user", "database/sql",
		"github.com/aws/", "github.com/godbus/", "github.com/zalando/", "github.com/pquerna/",
		"github.com/makiuchi-d/", "filippo.io/",
		module + "/keystore$", module + "/keystore/keychain", module + "/token", module + "/credproc$", module + "/credproc/sts",
	}
	for _, platform := range platforms {
		for _, dep := range goList(t, platform.env(), module+"/cmd/mfad-cli")[0].Deps {
			for _, f := range forbidden {
				exact, isExact := strings.CutSuffix(f, "$")
				if isExact && dep == exact || !isExact && strings.HasPrefix(dep, f) {
					t.Errorf("on %s cmd/mfad-cli links %s", platform, dep)
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
