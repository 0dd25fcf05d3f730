package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mfad/mfad/agent/vault"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/keystore"
)

// profiles are the methods for profiles.
type profiles struct {
	config   *config.Reader
	resolver *resolver
	broker   *credproc.Broker
}

// show tells how a profile resolves, and fetches nothing.
func (m *profiles) show(ctx context.Context, _ *request, p wire.ProfileShowParams) (wire.Chain, error) {
	chain, err := m.resolver.resolve(ctx, p.Profile, p.Region)
	if err != nil {
		return wire.Chain{}, err
	}
	shown := wire.Chain{Profile: chain.Profile, Steps: make([]wire.Step, len(chain.Steps))}
	if chain.Region.Text != "" {
		region := describeValue("region", chain.Region)
		shown.Region = &region
	}
	if files, err := m.config.Files(); err == nil {
		asked, _ := files.Profile(chain.Profile)
		program, _ := asked.Program()
		shown.Fault = lostProgram(program)
	}
	live := m.broker.Cached(ctx, chain)
	for i, step := range chain.Steps {
		shown.Steps[i] = describeStep(step)
		if live[i].ID != "" {
			session := describeSession(live[i])
			shown.Steps[i].Session = &session
		}
	}
	return shown, nil
}

// list follows every profile as far as it resolves.
func (m *profiles) list(ctx context.Context, _ *request) ([]wire.Profile, error) {
	infos, err := m.config.Profiles()
	if err != nil {
		return nil, err
	}
	profiles := make([]wire.Profile, 0, len(infos))
	for _, info := range infos {
		shown := wire.Profile{
			Name: info.Name, File: info.At.File, Line: info.At.Line, Served: info.Served,
			RoleARN: info.RoleARN, Source: info.Source,
		}
		if _, err := m.resolver.resolve(ctx, info.Name, ""); err != nil {
			shown.Fault = line.One(err.Error())
		}
		if lost := lostProgram(info.Program); lost != "" {
			shown.Fault = strings.TrimSuffix(lost+"; "+shown.Fault, "; ")
		}
		profiles = append(profiles, shown)
	}
	return profiles, nil
}

// lostProgram says that the program by which aws comes to mfad is gone, such as
// after a move to another machine; empty when it is there, or only PATH tells.
func lostProgram(program string) string {
	if !filepath.IsAbs(program) {
		return ""
	}
	if _, err := os.Stat(program); !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return line.One(fmt.Sprintf("aws runs %s, which is not there: `mfad profile repair` writes where mfad is", program))
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

// resolver finds the chains of profiles.
type resolver struct {
	config *config.Reader
	access *vault.Access
	keys   *keys
}

// resolve finds the chain of a profile, with the keys that the vault has. A vault
// that is there and cannot be opened may be why a name is not found, and one that
// was never made is why the key that a profile names is not.
func (r *resolver) resolve(ctx context.Context, profile, region string) (*config.Chain, error) {
	hasKey := func(name string) bool { // without a vault, there is none
		_, err := r.keys.KeyID(ctx, name)
		return err == nil
	}
	chain, err := r.config.Resolve(config.Query{Profile: profile, Region: region, HasKey: hasKey})
	unnamed := errors.Is(err, config.ErrNoProfile)
	if !unnamed && !errors.Is(err, config.ErrNoSource) {
		return chain, err
	}
	if _, vaultErr := r.access.Open(ctx); vaultErr != nil && !(unnamed && errors.Is(vaultErr, keystore.ErrNoVault)) {
		return nil, vaultErr
	}
	return nil, err
}

// A user tells whether a chain uses what it is asked about.
type user func(*config.Chain) bool

func ofKey(name string) user {
	return func(c *config.Chain) bool {
		key, is := c.Source().(config.VaultKey)
		return is && key.Name.Text == name
	}
}

func ofDevices(serials ...string) user {
	return func(c *config.Chain) bool {
		return slices.ContainsFunc(c.Steps[1:], func(s config.Step) bool {
			serial := s.Exchange().Serial.Text
			return serial != "" && slices.Contains(serials, serial)
		})
	}
}

// mostUsing bounds the profiles that a person is shown by name.
const mostUsing = 5

// chains are the profiles whose chain uses something, as far as the files can be
// read.
func (r *resolver) chains(ctx context.Context, uses user) iter.Seq2[string, *config.Chain] {
	return func(yield func(string, *config.Chain) bool) {
		infos, err := r.config.Profiles()
		if err != nil {
			return
		}
		for _, info := range infos {
			chain, err := r.resolve(ctx, info.Name, "")
			if err == nil && uses(chain) && !yield(info.Name, chain) {
				return
			}
		}
	}
}

// using names the profiles whose chain uses something; empty: none does.
func (r *resolver) using(ctx context.Context, uses user) string {
	var names []string
	for name := range r.chains(ctx, uses) {
		names = append(names, name)
	}
	if more := len(names) - mostUsing; more > 0 {
		names = append(names[:mostUsing], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}
