// Package agent is the service behind the socket: it answers each method of
// [github.com/mfad/mfad/agent/wire].
//
// What a method does is done by the rooms, each of which has one thing to look
// after: agent/vault the way to the vault, agent/codes the MFA codes, agent/ontoken
// the secrets on tokens, agent/trust the endpoints, agent/ask who is asked,
// agent/audit what is told afterwards; and the broker of package credproc the
// sessions. This package makes the rooms and joins them. It has the table of
// methods, one row each: what answers, which line it leaves in the audit file, and
// whom that is about. It puts what the rooms know into the words of the wire, and
// gives every refusal its code.
//
// It does not listen, frame or check peers (see agent/server), does not speak to
// AWS (see credproc/sts) and shows nothing (the client at the other end of the
// connection does).
package agent

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/mfad/mfad/agent/ask"
	"github.com/mfad/mfad/agent/audit"
	"github.com/mfad/mfad/agent/codes"
	"github.com/mfad/mfad/agent/naming"
	"github.com/mfad/mfad/agent/ontoken"
	"github.com/mfad/mfad/agent/server"
	"github.com/mfad/mfad/agent/trust"
	"github.com/mfad/mfad/agent/vault"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/forget"
	"github.com/mfad/mfad/internal/line"
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
	// Desktop reaches the desktop of a caller that has no terminal; nil: no desktop
	// is used.
	Desktop func(at wire.Desktop) ask.DesktopPrompter
	// Own puts the questions that no caller may answer; nil: they are refused.
	Own ask.Confirmer
	// Sources are kinds of sources beside the broker's own, such as the machine;
	// what Config reads of them comes with it.
	Sources []credproc.Source
	// Stop is called once, after agent.stop was answered; it must not wait.
	Stop func()
	// Connections counts the open connections, for status; nil: unknown.
	Connections func() int
	Socket      string           // where it listens, for status and for clients that look elsewhere
	FS          durable.FS       // nil is the real file system
	Logger      *slog.Logger     // nil discards
	Now         func() time.Time // nil is time.Now
	// Boot is the time since start of the machine, suspend included, and BootID
	// tells that start from all others; nil and empty: nothing tells.
	Boot   func() time.Duration
	BootID string
	// TimeAt is where AWS is asked for the time before a profile was used; nil is
	// AWS's endpoint of the partition.
	TimeAt func(partition string) (config.Endpoint, error)
}

// Service answers calls. It is safe for concurrent use.
type Service struct {
	options  Options
	access   *vault.Access
	trust    *trust.Endpoints
	signing  *ontoken.SigningKeys
	broker   *credproc.Broker
	log      *audit.Log
	refusals *audit.Refusals
	bounds   ask.Bounds
	methods  map[string]method
	own      *ask.Own
	groups
}

// New makes the state folder and opens the ledger of codes; the vault is
// opened when a call needs it. The caller closes the Service.
func New(o Options) (*Service, error) {
	o = o.filled()
	switch err := o.FS.MkdirAll(o.Home.State, 0o700); {
	case durable.CannotWrite(err): // what reads goes on; what has to be written down is refused
		o.Logger.Warn("the state folder cannot be made", "err", err)
	case err != nil:
		return nil, fmt.Errorf("making the state folder: %w", err)
	}
	ledger, err := totp.OpenLedger(o.FS, o.Home.ledger(), totp.Clock{Now: o.Now, Boot: o.Boot, BootID: o.BootID})
	if err != nil {
		return nil, fmt.Errorf("opening the ledger of codes: %w", err)
	}
	if damage := ledger.Damage(); damage != "" {
		o.Logger.Warn("ledger of codes was damaged: the next code of each device is the first", "found", damage)
	}
	s := furnished(o, ledger)
	if s.methods, err = checked(s.table()); err != nil {
		return nil, err
	}
	return s, nil
}

// filled puts what a nil field stands for into its place.
func (o Options) filled() Options {
	if o.FS == nil {
		o.FS = durable.OS
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Keychain == nil {
		o.Keychain = vault.OSKeychain{}
	}
	if o.Tokens == nil {
		o.Tokens = new(token.Helper)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.TimeAt == nil {
		o.TimeAt = o.ownEndpoint
	}
	return o
}

// ownEndpoint is AWS's own endpoint of a partition: another one is trusted with an
// access key, and here is none.
func (o Options) ownEndpoint(partition string) (config.Endpoint, error) {
	at, err := o.Config.Endpoint(partition)
	if err == nil && at.URL.Text != "" {
		err = fmt.Errorf("endpoint %s (%s): %w", at.URL.Text, at.URL.Origin, credproc.ErrUntrustedEndpoint)
	}
	return at, err
}

// furnished makes the rooms, and gives each group of methods those that it needs.
func furnished(o Options, ledger *totp.Ledger) *Service {
	access := vault.New(vault.Options{
		Dir: o.Home.Vault, HighWater: o.Home.highWater(), Keychain: o.Keychain, Tokens: o.Tokens,
		FS: o.FS, Logger: o.Logger, Now: o.Now, Boot: o.Boot,
		Held: func() { announce(o) },
	})
	log := audit.New(audit.Options{FS: o.FS, Path: o.Home.audit(), Now: o.Now, Logger: o.Logger})
	s := &Service{
		options: o, access: access, trust: trust.New(access, log), own: ask.NewOwn(o.Own),
		log: log, refusals: new(audit.Refusals),
	}
	applets := ontoken.New(access, o.Tokens, o.Logger)
	s.signing = ontoken.NewSigningKeys(applets, s.log)
	given := codes.New(codes.Options{
		Access: access, Applets: applets, Ledger: ledger, Now: o.Now, Logger: o.Logger,
		AskTime: func(ctx context.Context, serial string) error { return s.broker.AskTime(ctx, serial) },
	})
	s.sessions = new(sessions)
	names := naming.New(access, given)
	chains := &resolver{config: o.Config, access: access}
	s.keys = &keys{access, applets, s.signing, s.trust, s.sessions, names, chains}
	chains.keys = s.keys
	s.broker = credproc.New(credproc.Options{
		Resolve: chains.resolve, TimeAt: o.TimeAt, Deadline: wire.Patience, Keys: s.keys, Codes: given, Trust: s.trust, Dialer: o.Dialer,
		Environ: o.Environ, SessionName: o.SessionName, Sources: o.Sources, Now: o.Now, Boot: o.Boot, Logger: o.Logger,
	})
	s.sessions.broker = s.broker
	s.credentials = &credentials{access, s.broker}
	s.vault = &vaults{access, s.sessions}
	s.devices = &devices{access, applets, given, names}
	s.tokens = &tokens{o.Tokens, access, applets, ontoken.NewPasswords(applets)}
	s.profiles = &profiles{o.Config, chains, s.broker}
	s.proofs = &proofs{access, chains}
	s.status = &status{o, o.Now(), ledger, s.refusals, s.log, s.vault, s.sessions, chains}
	return s
}

// Close ends what runs in the background, forgets every session and closes the
// vault.
func (s *Service) Close() error {
	s.broker.Close()
	s.trust.Close()
	s.signing.Close()
	return s.access.Close()
}

// Handle answers one call; it is the server's handler. Every error that it
// returns is a [*errcode.Error].
func (s *Service) Handle(ctx context.Context, c *server.Conn, call wire.Call, method string) (any, error) {
	return s.serve(ctx, c, call, method)
}

func (s *Service) serve(ctx context.Context, c conn, call wire.Call, name string) (any, error) {
	m, known := s.methods[name]
	if !known {
		return nil, errcode.Errorf(errcode.BadRequest, "this agent (%s) knows no method %.40q", wire.Version, name)
	}
	chain := ask.New(c, ask.Options{TTY: call.TTY, At: call.Desktop, Open: s.options.Desktop, Own: s.own, Bounds: &s.bounds})
	defer chain.Close()
	r := &request{method: name, conn: c, ask: chain, by: call.Proof, prove: func(ctx context.Context, act vault.Act) error {
		act.By = call.Proof
		return s.access.Prove(ctx, chain, act)
	}}
	if m.lasts {
		if err := s.log.Ask(ctx, s.event(r, audit.Event{})); err != nil {
			return nil, s.cross(ctx, name, err)
		}
	}
	result, about, err := m.do(ctx, r, call.Params)
	if m.line == lineOfChange { // which a person may have typed a secret for
		forget.Collect()
	}
	if about != nil {
		s.tell(ctx, r, m.line, audit.Event{Subject: *about, Err: err, Lasts: m.lasting(r.proved)})
	}
	if err != nil {
		return nil, s.cross(ctx, name, err)
	}
	return result, nil
}

// tell writes the audit line of a request; of what was to be handed out and was
// refused, status shall tell too. What the person has broken off, or said no to, is
// no fault.
func (s *Service) tell(ctx context.Context, r *request, which auditLine, e audit.Event) {
	if e.Err != nil && which == lineOfHandout && ctx.Err() == nil && codeOf(e.Err) != errcode.Dismissed {
		s.refusals.Add(s.options.Now(), e.Name, e.Err)
	}
	if err := s.log.Write(ctx, s.event(r, e)); err != nil {
		warning := wire.WarningParams{Text: line.One(err.Error()) + ": nobody can tell afterwards that this was asked"}
		_ = r.conn.Notify(ctx, wire.MethodPromptWarning, warning) // a caller that is gone needs none
	}
}

// event says of an event who has asked for it.
func (s *Service) event(r *request, e audit.Event) audit.Event {
	e.What, e.PID, e.Asker = r.method, r.conn.Peer().PID, r.ask.Caller().Name()
	return e
}

// cross is [cross] that logs what nobody expected.
func (s *Service) cross(ctx context.Context, method string, err error) error {
	crossed := cross(err)
	if crossed.Code == errcode.Internal {
		s.options.Logger.ErrorContext(ctx, "internal error", "method", method, "err", err)
	}
	return crossed
}
