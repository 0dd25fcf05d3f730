package agent

import (
	"context"
	"net/url"
	"strings"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/internal/line"
)

// Detour is a setting of the agent's own environment by which requests to AWS go
// elsewhere, by a proxy or with other certificates than the system's.
type Detour struct{ Name, Text string }

// detourVariables are those that count: Go reads the proxies, package config the
// rest.
var detourVariables = []string{
	"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy",
	"AWS_CA_BUNDLE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS",
}

// Detours lists those that are set. A password in a URL is not shown.
func Detours(getenv func(string) string) []Detour {
	var set []Detour
	for _, name := range detourVariables {
		text := getenv(name)
		if text == "" {
			continue
		}
		if u, err := url.Parse(text); err == nil && u.User != nil {
			text = u.Redacted()
		} else if strings.Contains(text, "@") {
			text = "(has a user and no URL)"
		}
		set = append(set, Detour{name, line.Short(text, 200)})
	}
	return set
}

// detours lists the settings of profiles that do the same, each once.
func (r *resolver) detours(ctx context.Context) []wire.Value {
	infos, err := r.config.Profiles()
	if err != nil {
		return nil
	}
	var found []wire.Value
	seen := make(map[wire.Value]bool)
	for _, info := range infos {
		chain, err := r.resolve(ctx, info.Name, "")
		if err != nil {
			continue
		}
		for _, step := range chain.Steps[1:] {
			at := step.Exchange().Endpoint
			for _, d := range []config.Detail{{Name: "endpoint", Value: at.URL}, {Name: "CA bundle", Value: at.CABundle}} {
				v := describeValue(d.Name, d.Value)
				if v.Text != "" && !seen[v] {
					seen[v] = true
					found = append(found, v)
				}
			}
		}
	}
	return found
}
