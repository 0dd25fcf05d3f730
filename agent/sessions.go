package agent

import (
	"context"
	"slices"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/line"
)

// sessions are the methods for sessions, and tell of them to the others.
type sessions struct{ broker *credproc.Broker }

func (m *sessions) list(context.Context, *request) ([]wire.Session, error) { return m.all(), nil }

func (m *sessions) all() []wire.Session {
	shown := []wire.Session{}
	for _, info := range m.broker.Sessions() {
		shown = append(shown, describeSession(info))
	}
	return shown
}

// forget drops sessions from memory. AWS knows nothing of it: who has
// their credentials can use them until they expire.
func (m *sessions) forget(_ context.Context, _ *request, p wire.SessionForgetParams) (wire.SessionForgetResult, error) {
	var which func(credproc.SessionInfo) bool
	switch {
	case p.All && p.ID == "" && p.Profile == "":
		return wire.SessionForgetResult{Forgotten: m.forgetAll()}, nil
	case p.ID != "" && !p.All && p.Profile == "":
		which = func(i credproc.SessionInfo) bool { return i.ID == p.ID }
	case p.Profile != "" && !p.All && p.ID == "":
		which = func(i credproc.SessionInfo) bool { return slices.Contains(i.Profiles, p.Profile) }
	default:
		return wire.SessionForgetResult{}, errcode.Errorf(errcode.BadRequest, "name one session, one profile, or all")
	}
	return wire.SessionForgetResult{Forgotten: m.broker.Forget(which)}, nil
}

func (m *sessions) forgetAll() int {
	return m.broker.Forget(func(credproc.SessionInfo) bool { return true })
}

func describeSession(i credproc.SessionInfo) wire.Session {
	return wire.Session{
		ID: i.ID, Kind: string(i.Kind), AccessKeyID: i.AccessKeyID, Identity: i.Identity, Account: i.Account,
		Serial: i.Serial, Profiles: i.Profiles, Expires: i.Expires, Refreshing: i.Refreshing, Fault: line.One(i.Fault),
	}
}
