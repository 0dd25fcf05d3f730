package agent

import (
	"context"

	"github.com/mfad/mfad/agent/vault"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
)

// credentials is the method that most calls are of.
type credentials struct {
	access *vault.Access
	broker *credproc.Broker
}

// issued is what a caller gets, and what the audit file tells of it.
type issued struct {
	wire.CredentialsResult
	role, keyID string
	cold        bool // the cache alone was asked, and has nothing
}

// get makes the document of a profile. What the caller says of itself is the
// profile and the region: where requests go, and with what, is decided by files
// and by the agent's own environment.
func (m *credentials) get(ctx context.Context, r *request, p wire.CredentialsParams) (issued, error) {
	result, err := m.fetch(ctx, r, p)
	switch {
	case err != nil && p.Cached:
		return issued{cold: true}, nil // the caller asks again, and is answered then
	case err != nil:
		return issued{}, err
	}
	return issued{
		CredentialsResult: wire.CredentialsResult{Document: result.Document(), Region: result.Chain.Region.Text},
		role:              result.Chain.Role(), keyID: result.AccessKeyID,
	}, nil
}

// fetch refuses while the person keeps the vault locked, also what was under way
// when they locked it.
func (m *credentials) fetch(ctx context.Context, r *request, p wire.CredentialsParams) (credproc.Result, error) {
	if err := m.access.Refusal(); err != nil {
		return credproc.Result{}, err
	}
	result, err := m.broker.Credentials(ctx, credproc.Request{Profile: p.Profile, Region: p.Region, Cached: p.Cached, Asker: r.ask})
	if err == nil {
		err = m.access.Refusal()
	}
	return result, err
}
