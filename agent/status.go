package agent

import (
	"context"
	"errors"
	"os"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/keystore"
)

// status asks nobody and waits for nothing: it is what a person looks at when
// something hangs.
func (s *Service) status(ctx context.Context, _ *request) (wire.Status, error) {
	paths := s.options.Config.Paths()
	status := wire.Status{
		Version: wire.Version, PID: os.Getpid(), Started: s.started, Socket: s.options.Socket,
		ConfigFiles: []string{paths.Mfad, paths.Credentials, paths.Config},
		SkewMillis:  s.ledger.Skew().Milliseconds(),
		Sessions:    s.sessions(),
	}
	for _, r := range s.refusals.List() {
		status.Faults = append(status.Faults, wire.Fault{At: r.At, Profile: r.Name, Text: r.Text})
	}
	if s.options.Connections != nil {
		status.Connections = s.options.Connections()
	}
	v, err := s.access.Open(ctx)
	switch {
	case err == nil:
		vault := s.describeVault(v)
		status.Vault = &vault
	case !errors.Is(err, keystore.ErrNoVault):
		status.Faults = append([]wire.Fault{{At: s.options.Now(), Text: line.One(err.Error())}}, status.Faults...)
	}
	return status, nil
}

// stop answers; the program ends after.
func (s *Service) stop(context.Context, *request) (none, error) {
	s.options.Stop()
	return none{}, nil
}
