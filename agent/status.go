package agent

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/mfad/mfad/agent/audit"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token/totp"
)

// status are the methods for the agent itself.
type status struct {
	options  Options
	started  time.Time
	ledger   *totp.Ledger
	refusals *audit.Refusals
	vaults   *vaults
	sessions *sessions
}

// show asks nobody and waits for nothing: it is what a person looks at when
// something hangs.
func (m *status) show(ctx context.Context, _ *request) (wire.Status, error) {
	paths := m.options.Config.Paths()
	shown := wire.Status{
		Version: wire.Version, PID: os.Getpid(), Started: m.started, Socket: m.options.Socket,
		ConfigFiles: []string{paths.Mfad, paths.Credentials, paths.Config},
		SkewMillis:  m.ledger.Skew().Milliseconds(),
		Sessions:    m.sessions.all(),
	}
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
	for _, r := range m.refusals.List() {
		shown.Faults = append(shown.Faults, wire.Fault{At: r.At, Profile: r.Name, Text: r.Text})
	}
	return shown, nil
}

// stop answers; the program ends after.
func (m *status) stop(context.Context, *request) (none, error) {
	m.options.Stop()
	return none{}, nil
}
