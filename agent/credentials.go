package agent

import (
	"context"
	"errors"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/keystore"
)

// credentials makes the document of a profile. What the caller says of itself
// is the profile and the region: where requests go, and with what, is decided
// by files and by the agent's own environment.
func (s *Service) credentials(ctx context.Context, r *request, p wire.CredentialsParams) (wire.CredentialsResult, error) {
	result, err := s.fetch(ctx, r, p)
	e := event{profile: p.Profile, err: err}
	if err == nil {
		e.role, e.keyID = result.Chain.Role(), result.AccessKeyID
	}
	s.note(ctx, r, e)
	if err != nil {
		return wire.CredentialsResult{}, err
	}
	return wire.CredentialsResult{Document: result.Document(), Region: result.Chain.Region.Text}, nil
}

// fetch refuses while the person keeps the vault locked, also what was under
// way when they locked it.
func (s *Service) fetch(ctx context.Context, r *request, p wire.CredentialsParams) (credproc.Result, error) {
	if err := s.door.refusal(); err != nil {
		return credproc.Result{}, err
	}
	result, err := s.broker.Credentials(ctx, credproc.Request{Profile: p.Profile, Region: p.Region, Asker: r.ask})
	if err == nil {
		err = s.door.refusal()
	}
	return result, err
}

// resolve finds the chain of a profile, with the keys that the vault has. A
// vault that is there and cannot be opened may be why a name is not found, and
// one that was never made is why the key that a profile names is not.
func (s *Service) resolve(ctx context.Context, profile, region string) (*config.Chain, error) {
	chain, err := s.options.Config.Resolve(config.Query{Profile: profile, Region: region, HasKey: s.hasKey(ctx)})
	unnamed := errors.Is(err, config.ErrNoProfile)
	if !unnamed && !errors.Is(err, config.ErrNoSource) {
		return chain, err
	}
	if _, vaultErr := s.door.open(ctx); vaultErr != nil && !(unnamed && errors.Is(vaultErr, keystore.ErrNoVault)) {
		return nil, vaultErr
	}
	return nil, err
}

// note writes the audit line of what was handed out or refused, and keeps a
// refusal for status.
func (s *Service) note(ctx context.Context, r *request, e event) {
	if e.err != nil {
		s.faults.add(wire.Fault{At: s.options.Now(), Profile: e.profile, Text: cross(e.err).Error()})
	}
	s.record(ctx, r, e)
}

// record writes the audit line of a request.
func (s *Service) record(ctx context.Context, r *request, e event) {
	e.what, e.pid, e.asker = r.method, r.conn.Peer().PID, r.ask.name()
	s.write(ctx, e)
}

// write writes the line of an event that happens now.
func (s *Service) write(ctx context.Context, e event) {
	e.at = s.options.Now()
	if e.err != nil {
		e.err = cross(e.err) // the line that the client sees
	}
	if err := s.audit.record(ctx, e); err != nil {
		s.options.Logger.ErrorContext(ctx, "audit line was not written", "err", err)
	}
}
