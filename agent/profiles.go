package agent

import (
	"context"
	"strconv"
	"strings"

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
	shown := wire.Step{Kind: string(step.Kind), Profile: step.Profile, At: step.At.String()}
	add := func(name string, v config.Value) {
		if v.Text != "" {
			shown.Settings = append(shown.Settings, describeValue(name, v))
		}
	}
	at := func(name, text string) { add(name, config.Value{Text: text, Origin: step.At}) }

	add("access key", step.Key)
	add("access key id", step.AccessKeyID)
	add("command", step.Command)
	add("MFA device", step.Serial)
	add("role", step.RoleARN)
	add("session name", step.SessionName)
	add("external id", step.ExternalID)
	if step.Duration != (config.Duration{}) {
		add("duration", config.Value{Text: durationText(step.Duration), Origin: step.Duration.Origin})
	}
	tags := make([]string, len(step.Tags))
	for i, tag := range step.Tags {
		tags[i] = tag.Key + "=" + tag.Value
	}
	at("session tags", strings.Join(tags, ", "))
	at("transitive tags", strings.Join(step.TransitiveTags, ", "))
	add("source identity", step.SourceIdentity)
	add("policy", step.Policy)
	at("policy ARNs", strings.Join(step.PolicyARNs, ", "))
	add("STS region", step.Endpoint.Region)
	add("STS endpoint", step.Endpoint.URL)
	if step.Endpoint.FIPS {
		at("STS variant", "FIPS")
	}
	if step.Endpoint.DualStack {
		at("STS variant", "dual-stack")
	}
	add("CA bundle", step.Endpoint.CABundle)
	return shown
}

func durationText(d config.Duration) string {
	if d.Seconds == 0 {
		return "default"
	}
	return strconv.Itoa(int(d.Seconds)) + " s"
}

func describeValue(name string, v config.Value) wire.Value {
	return wire.Value{Name: name, Text: v.Text, From: v.Origin.String()}
}
