package agent

import (
	"context"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/internal/line"
)

// profileShow tells how a profile resolves, and fetches nothing.
func (s *Service) profileShow(ctx context.Context, _ *request, p wire.ProfileShowParams) (wire.Chain, error) {
	chain, err := s.resolve(ctx, p.Profile, p.Region)
	if err != nil {
		return wire.Chain{}, err
	}
	shown := wire.Chain{Profile: chain.Profile, Steps: make([]wire.Step, len(chain.Steps))}
	if chain.Region.Text != "" {
		region := describeValue("region", chain.Region)
		shown.Region = &region
	}
	live := s.broker.Cached(ctx, chain)
	for i, step := range chain.Steps {
		shown.Steps[i] = describeStep(step)
		if live[i].ID != "" {
			session := describeSession(live[i])
			shown.Steps[i].Session = &session
		}
	}
	return shown, nil
}

// profileList follows every profile as far as it resolves.
func (s *Service) profileList(ctx context.Context, _ *request) ([]wire.Profile, error) {
	infos, err := s.options.Config.Profiles()
	if err != nil {
		return nil, err
	}
	profiles := make([]wire.Profile, 0, len(infos))
	for _, info := range infos {
		shown := wire.Profile{
			Name: info.Name, File: info.At.File, Line: info.At.Line, Served: info.Served,
			RoleARN: info.RoleARN, Source: info.Source,
		}
		if _, err := s.resolve(ctx, info.Name, ""); err != nil {
			shown.Fault = line.One(err.Error())
		}
		profiles = append(profiles, shown)
	}
	return profiles, nil
}

func describeStep(step config.Step) wire.Step {
	shown := wire.Step{Kind: string(step.Kind()), Profile: step.Profile, At: step.At.String()}
	for _, detail := range step.Details() {
		shown.Settings = append(shown.Settings, describeValue(detail.Name, detail.Value))
	}
	return shown
}

func describeValue(name string, v config.Value) wire.Value {
	return wire.Value{Name: name, Text: v.Text, From: v.Origin.String()}
}
