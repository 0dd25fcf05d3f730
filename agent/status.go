package agent

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mfad/mfad/agent/audit"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/internal/owner"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token/totp"
)

// status are the methods for the agent itself.
type status struct {
	options  Options
	started  time.Time
	ledger   *totp.Ledger
	refusals *audit.Refusals
	log      *audit.Log
	vaults   *vaults
	sessions *sessions
	profiles *resolver
}

// show asks nobody and waits for nothing: it is what a person looks at when
// something hangs.
func (m *status) show(ctx context.Context, _ *request) (wire.Status, error) {
	paths := m.options.Config.Paths()
	shown := wire.Status{
		Version: wire.Version, PID: os.Getpid(), Started: m.started, Socket: m.options.Socket,
		ConfigFiles: []string{paths.Mfad, paths.Credentials, paths.Config},
		SkewMillis:  m.ledger.Observed().Milliseconds(),
		Sessions:    m.sessions.all(),
	}
	for _, setting := range Detours(m.options.Environ) {
		shown.Detours = append(shown.Detours, wire.Value{Name: setting.Name, Text: setting.Text, From: "environment of mfad-agent"})
	}
	shown.Detours = append(shown.Detours, m.profiles.detours(ctx)...)
	if m.options.Connections != nil {
		shown.Connections = m.options.Connections()
	}
	v, err := m.vaults.access.Open(ctx)
	switch {
	case err == nil:
		vault := m.vaults.describe(v)
		shown.Vault = &vault
	case !errors.Is(err, keystore.ErrNoVault):
		shown.VaultFault = line.One(err.Error())
	}
	shown.Warnings = m.warnings(v)
	for _, r := range m.refusals.List() {
		shown.Faults = append(shown.Faults, wire.Fault{At: r.At, Profile: r.Name, Text: r.Text})
	}
	return shown, nil
}

// warnings are what the person should mend. V is nil when there is no vault that
// could be opened.
func (m *status) warnings(v *keystore.Vault) []string {
	warnings := m.log.Warnings()
	for _, err := range []error{m.misplaced(v), m.unwritable()} {
		if err != nil {
			warnings = append(warnings, line.One(err.Error()))
		}
	}
	return append(warnings, m.risks()...)
}

// risks are who else can change what the agent keeps and reads, and what it cannot
// read.
func (m *status) risks() (risks []string) {
	home, paths := m.options.Home, m.options.Config.Paths()
	for _, path := range []string{home.Vault, home.State, paths.Mfad, paths.Credentials, paths.Config} {
		if unusable := owner.Unusable(path); unusable != "" {
			risks = append(risks, unusable)
		}
		for _, risk := range owner.Risks(path) {
			if !slices.Contains(risks, risk) { // of a folder above several
				risks = append(risks, risk)
			}
		}
	}
	return risks
}

// misplaced says what is odd about a vault that could be opened.
func (m *status) misplaced(v *keystore.Vault) error {
	if v == nil {
		return nil
	}
	if err := v.Changed(); err != nil {
		return err
	}
	missing, written := v.Unmarked()
	if last := m.log.LastBefore(); missing && written.Before(last) {
		return fmt.Errorf("the vault was written on %s, and the audit log goes on until %s; %s, which says which generation was seen last, "+
			"is gone: somebody may have put an older vault there",
			written.UTC().Format(time.DateTime), last.UTC().Format(time.DateTime), m.options.Home.highWater())
	}
	return nil
}

// unwritable says what cannot be written of the agent's own.
func (m *status) unwritable() error {
	if err := durable.Writable(m.options.FS, m.options.Home.ledger()); err != nil {
		return fmt.Errorf("no code is given from the vault, and the audit log has no line: %w", err)
	}
	return nil
}

// stop answers; the program ends after.
func (m *status) stop(context.Context, *request) (none, error) {
	m.options.Stop()
	return none{}, nil
}

// Detour is a setting of the agent's own environment by which requests to AWS go
// elsewhere, by a proxy or with other certificates than the system's.
type Detour struct{ Name, Text string }

// detourVariables are those that count: Go reads the proxies and the certificates
// that stand for the system's, package config the rest.
var detourVariables = []string{
	"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy",
	"SSL_CERT_FILE", "SSL_CERT_DIR",
	"AWS_CA_BUNDLE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS",
}

// Detours lists those that are set. A password in a URL is not shown.
func Detours(getenv func(string) string) []Detour {
	var set []Detour
	for _, name := range detourVariables {
		text := getenv(name)
		if text == "" {
			continue
		}
		if u, err := url.Parse(text); err == nil && u.User != nil {
			text = u.Redacted()
		} else if strings.Contains(text, "@") {
			text = "(has a user and no URL)"
		}
		set = append(set, Detour{name, line.Short(text, 200)})
	}
	return set
}

// detours lists the settings of profiles that do the same, each once.
func (r *resolver) detours(ctx context.Context) []wire.Value {
	infos, err := r.config.Profiles()
	if err != nil {
		return nil
	}
	var found []wire.Value
	seen := make(map[wire.Value]bool)
	for _, info := range infos {
		chain, err := r.resolve(ctx, info.Name, "")
		if err != nil {
			continue
		}
		for _, step := range chain.Steps[1:] {
			at := step.Exchange().Endpoint
			for _, d := range []config.Detail{{Name: "endpoint", Value: at.URL}, {Name: "CA bundle", Value: at.CABundle}} {
				v := describeValue(d.Name, d.Value)
				if v.Text != "" && !seen[v] {
					seen[v] = true
					found = append(found, v)
				}
			}
		}
	}
	return found
}
