// Package agent is the service behind the socket: what each method of
// [github.com/mfad/mfad/agent/wire] does with the vault, the ledger of codes,
// the configuration and the broker of credentials.
//
// It decides what is asked of the person and when, who is told what, and what
// is logged. It does not listen, frame or check peers (see agent/server), does
// not speak to AWS (see credproc/sts) and shows nothing (the client at the
// other end of the connection does).
package agent

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/mfad/mfad/agent/audit"
	"github.com/mfad/mfad/agent/server"
	"github.com/mfad/mfad/agent/vault"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/flight"
	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/totp"
)

// Options are what a [Service] is made of. Fields without a word about nil
// must be set.
type Options struct {
	Home   Home
	Config *config.Reader
	Dialer credproc.Dialer
	// Keychain is where a vault may keep a key; nil is the desktop's.
	Keychain vault.Keychain
	// Tokens are the hardware tokens; nil is mfad-token.
	Tokens Tokens
	// SessionName is who uses AWS, for AWS's logs.
	SessionName string
	// Environ is the agent's own environment, for profiles with
	// credential_source = Environment.
	Environ func(string) string
	// Desk reaches the desktop of a caller that has no terminal; nil: no desktop
	// is used.
	Desk func(at wire.Desk) Desk
	// Sources are kinds of sources beside the broker's own, such as the machine;
	// what Config reads of them comes with it.
	Sources []credproc.Source
	// Stop is called once, after agent.stop was answered; it must not wait.
	Stop func()
	// Connections counts the open connections, for status; nil: unknown.
	Connections func() int
	Socket      string           // for status
	FS          durable.FS       // nil is the real file system
	Logger      *slog.Logger     // nil discards
	Now         func() time.Time // nil is time.Now
	// Boot is the time since start of the machine, suspend included; nil is
	// the system's.
	Boot func() time.Duration
}

// Service answers calls. It is safe for concurrent use.
type Service struct {
	options  Options
	started  time.Time
	access   *vault.Access
	trusting flight.Group[string, credproc.Asker, none]
	tokens   Tokens
	days     flight.Group[dayID, credproc.Asker, none]
	ledger   *totp.Ledger
	typed    typedCodes
	broker   *credproc.Broker
	refusals audit.Refusals
	audit    *audit.Log
}

// New makes the state folder and opens the ledger of codes; the vault is
// opened when a call needs it. The caller closes the Service.
func New(o Options) (*Service, error) {
	if o.FS == nil {
		o.FS = durable.OS
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Keychain == nil {
		o.Keychain = vault.Desktop{}
	}
	if o.Tokens == nil {
		o.Tokens = new(token.Helper)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := o.FS.MkdirAll(o.Home.State, 0o700); err != nil {
		return nil, fmt.Errorf("making the state folder: %w", err)
	}
	ledger, err := totp.OpenLedger(o.FS, o.Home.ledger(), o.Now)
	if err != nil {
		return nil, fmt.Errorf("opening the ledger of codes: %w", err)
	}
	if damage := ledger.Damage(); damage != "" {
		o.Logger.Warn("ledger of codes was damaged: the next code of each device is the first", "found", damage)
	}
	s := &Service{
		options: o, started: o.Now(), ledger: ledger, tokens: o.Tokens,
		access: vault.New(vault.Options{
			Dir: o.Home.Vault, HighWater: o.Home.highWater(), Keychain: o.Keychain, Tokens: o.Tokens,
			FS: o.FS, Logger: o.Logger, Now: o.Now, Boot: o.Boot,
		}),
		audit: audit.New(o.FS, o.Home.audit(), o.Now, o.Logger),
	}
	s.broker = credproc.New(credproc.Options{
		Resolve: s.resolve, Keys: s, Codes: s, Trust: s, Dialer: o.Dialer,
		Environ: o.Environ, SessionName: o.SessionName, Sources: o.Sources, Now: o.Now, Boot: o.Boot, Logger: o.Logger,
	})
	return s, nil
}

// Close ends what runs in the background, forgets every session and closes the
// vault.
func (s *Service) Close() error {
	s.broker.Close()
	s.trusting.Close()
	s.days.Close()
	return s.access.Close()
}

// Handle answers one call; it is the server's handler. Every error that it
// returns is a [*wire.Error].
func (s *Service) Handle(ctx context.Context, c *server.Conn, call wire.Call, method string) (any, error) {
	return s.serve(ctx, c, call, method)
}

func (s *Service) serve(ctx context.Context, c conn, call wire.Call, name string) (any, error) {
	do, known := methods[name]
	if !known {
		return nil, wire.Errorf(wire.ErrBadRequest, "this agent (%s) knows no method %.40q", wire.Version, name)
	}
	ask := s.asker(c, call)
	defer ask.close()
	r := &request{method: name, conn: c, ask: ask}
	result, err := do(ctx, s, r, call.Params)
	if slices.Contains(audited, name) {
		s.record(ctx, r, change(call.Params, result, err), err)
	}
	if err != nil {
		return nil, s.cross(ctx, name, err)
	}
	return result, nil
}

// cross is [cross] that logs what nobody expected.
func (s *Service) cross(ctx context.Context, method string, err error) error {
	crossed := cross(err)
	if crossed.Code == wire.CodeInternal {
		s.options.Logger.ErrorContext(ctx, "internal error", "method", method, "err", err)
	}
	return crossed
}
