package agent

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"

	"github.com/mfad/mfad/agent/audit"
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
	about := audit.Subject{Name: p.Profile}
	if err == nil {
		about.Role, about.KeyID = result.Chain.Role(), result.AccessKeyID
	}
	s.note(ctx, r, about, err)
	if err != nil {
		return wire.CredentialsResult{}, err
	}
	return wire.CredentialsResult{Document: result.Document(), Region: result.Chain.Region.Text}, nil
}

// fetch refuses while the person keeps the vault locked, also what was under
// way when they locked it.
func (s *Service) fetch(ctx context.Context, r *request, p wire.CredentialsParams) (credproc.Result, error) {
	if err := s.access.Refusal(); err != nil {
		return credproc.Result{}, err
	}
	result, err := s.broker.Credentials(ctx, credproc.Request{Profile: p.Profile, Region: p.Region, Asker: r.ask})
	if err == nil {
		err = s.access.Refusal()
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
	if _, vaultErr := s.access.Open(ctx); vaultErr != nil && !(unnamed && errors.Is(vaultErr, keystore.ErrNoVault)) {
		return nil, vaultErr
	}
	return nil, err
}

// note writes the audit line of what was handed out or refused, and keeps a
// refusal for status.
func (s *Service) note(ctx context.Context, r *request, about audit.Subject, err error) {
	if err != nil {
		s.refusals.Add(s.options.Now(), about.Name, err)
	}
	s.record(ctx, r, about, err)
}

// record writes the audit line of a request.
func (s *Service) record(ctx context.Context, r *request, about audit.Subject, err error) {
	s.audit.Write(ctx, audit.Event{What: r.method, PID: r.conn.Peer().PID, Asker: r.ask.name(), Subject: about, Err: err})
}

// audited are the methods that hand nothing out and leave a line all the same:
// they change what the vault keeps, where it may go, who can open it, and when.
var audited = []string{
	wire.MethodVaultCreate, wire.MethodVaultUnlock, wire.MethodVaultLock, wire.MethodVaultHold,
	wire.MethodSlotAdd, wire.MethodSlotRemove,
	wire.MethodKeyImport, wire.MethodKeyRemove, wire.MethodKeyTrust, wire.MethodKeyMove,
	wire.MethodDeviceAdd, wire.MethodDeviceRemove, wire.MethodDeviceMove, wire.MethodTokenProtect,
}

// change is what an audited method is about: the item, the slot or the token
// that the parameters name; bad ones are about nothing.
func change(params json.RawMessage, result any, err error) audit.Subject {
	var about struct {
		Name, Kind, ID, Slot, Token, Action string
		Tokens                              []string
	}
	_ = json.Unmarshal(params, &about)
	e := audit.Subject{Name: cmp.Or(about.Name, about.Kind, about.ID, about.Slot, about.Token), Action: about.Action, Tokens: about.Tokens}
	if err == nil {
		e.Tokens = changedTokens(result)
	}
	return e
}

// changedTokens are those that a result tells of.
func changedTokens(result any) []string {
	switch r := result.(type) {
	case wire.Device:
		return r.Tokens
	case wire.DeviceAddResult:
		if len(r.Devices) > 0 {
			return r.Devices[0].Tokens // all went onto the same
		}
	case wire.Key:
		return r.Tokens
	case wire.Token:
		return []string{r.Serial}
	}
	return nil
}
