package config

import (
	"net/url"
	"path/filepath"
	"strings"

	"github.com/mfad/mfad/credproc/config/syntax"
)

// endpoints reads of a profile where STS is asked for it.
type endpoints struct{ *Profile }

// Endpoint says where STS of a partition is asked when no profile counts: an
// empty partition is that of the environment's region, or AWS's first. It wraps
// ErrBadConfig.
func (r *Reader) Endpoint(partition string) (Endpoint, error) {
	nobody := &Profile{files: &Files{
		Mfad: new(syntax.Document), Credentials: new(syntax.Document), Config: new(syntax.Document), Getenv: r.getenv, sources: r.sources,
	}}
	for i := range nobody.layers {
		nobody.layers[i].first = -1
	}
	return endpoints{nobody}.find("", partition)
}

// Place is a service at the endpoint, for people: "STS in eu-west-1", or the URL
// without its password.
func (e Endpoint) Place(service string) string {
	if e.URL.Text == "" {
		return service + " in " + e.Region.Text
	}
	if u, err := url.Parse(e.URL.Text); err == nil {
		return u.Redacted()
	}
	return service + " at the endpoint of " + e.URL.Origin.String()
}

// find says where STS is asked. The caller's region counts within the partition
// of the role, the device or the profile's region.
func (p endpoints) find(callerRegion, partition string) (Endpoint, error) {
	var e Endpoint
	var err error
	fips, err := p.flag("AWS_USE_FIPS_ENDPOINT", keyFIPS)
	if err != nil {
		return e, err
	}
	dual, err := p.flag("AWS_USE_DUALSTACK_ENDPOINT", keyDualStack)
	if err != nil {
		return e, err
	}
	e.FIPS, e.DualStack = fips.Text != "", dual.Text != ""
	if e.CABundle, err = p.caBundle(); err != nil {
		return e, err
	}
	if e.URL, err = p.endpointURL(); err != nil {
		return e, err
	}
	if e.URL.Text != "" {
		for _, v := range []Value{fips, dual} {
			if v.Text != "" {
				return e, v.Fault("FIPS and dual-stack endpoints are AWS's own, and the endpoint is %s (%s);"+
					" take one of them out", e.URL.Text, e.URL.Origin)
			}
		}
	}
	if e.Region, err = p.stsRegion(callerRegion, partition, e.URL.Text != ""); err != nil {
		return e, err
	}
	if e.URL.Text == "" && !e.FIPS && !e.DualStack {
		e.Region, err = p.legacy(e.Region)
	} else if e.Region.Text == globalRegion { // there is one global endpoint
		e.Region.Text = partitions[0].region
	}
	return e, err
}

// legacy sends a region to the global endpoint, if that was asked for.
func (p endpoints) legacy(region Value) (Value, error) {
	mode, ok := p.either("AWS_STS_REGIONAL_ENDPOINTS", keyRegionalSTS)
	switch {
	case !ok || mode.Text == "regional":
		return region, nil
	case mode.Text != "legacy":
		return Value{}, mode.Fault("%s %q is none; write regional or legacy", keyRegionalSTS, mode.Text)
	case strings.Contains(legacyRegions, " "+region.Text+" "):
		return Value{globalRegion, mode.Origin}, nil
	}
	return region, nil
}

// endpointURL follows
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html.
func (p endpoints) endpointURL() (Value, error) {
	ignore, err := p.flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", keyIgnoreURLs)
	if err != nil || ignore.Text != "" {
		return Value{}, err
	}
	v, ok := p.files.env("AWS_ENDPOINT_URL_STS")
	if !ok {
		v, ok = p.files.env("AWS_ENDPOINT_URL")
	}
	if !ok {
		v, ok, err = p.serviceURL()
	}
	if !ok && err == nil {
		v, ok = p.Setting(keyEndpointURL)
	}
	if !ok || err != nil {
		return Value{}, err
	}
	u, err := url.Parse(v.Text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil ||
		u.RawQuery != "" || u.Fragment != "" || !syntax.IsPlain(v.Text) {
		// The text may hold a password: it is not quoted.
		return Value{}, v.Fault("endpoint_url is not a plain URL; write https://HOST or https://HOST:PORT/PATH")
	}
	return v, nil
}

// serviceURL is services = NAME -> [services NAME] -> sts -> endpoint_url. The
// section is looked for in mfad's file first.
func (p endpoints) serviceURL() (Value, bool, error) {
	name, ok := p.Setting(keyServices)
	if !ok {
		return Value{}, false, nil
	}
	for _, doc := range []*syntax.Document{p.files.Mfad, p.files.Config} {
		i := doc.Find(syntax.Services, name.Text)
		if i < 0 {
			continue
		}
		for at := i; at >= 0; at = doc.Following(at) {
			if err := faultOf(doc, doc.Sections[at]); err != nil {
				return Value{}, false, err
			}
		}
		s, ok := doc.Lookup(i, keySTS)
		if !ok {
			return Value{}, false, nil
		}
		text, ok := nestedValue(doc.Value(s), keyEndpointURL)
		return Value{text, OriginOf(doc, s.Line)}, ok && text != "", nil
	}
	return Value{}, false, name.Fault("services names %q, and there is no such section; write [services %s]", name.Text, name.Text)
}

func (p endpoints) caBundle() (Value, error) {
	v, ok := p.either("AWS_CA_BUNDLE", keyCABundle)
	if !ok {
		return Value{}, nil
	}
	v.Text = expandHome(v.Text, homeOf(p.files.Getenv))
	if !filepath.IsAbs(v.Text) || !syntax.IsPlain(v.Text) {
		return Value{}, v.Fault("ca_bundle %q is not an absolute path; write one: the agent has no folder of yours", v.Text)
	}
	return v, nil
}

// either is a variable of the environment, else a setting.
func (p endpoints) either(variable, key string) (Value, bool) {
	if v, ok := p.files.env(variable); ok {
		return v, true
	}
	return p.Setting(key)
}

// flag is a setting that is true or false; its text is empty when false.
func (p endpoints) flag(variable, key string) (Value, error) {
	v, ok := p.either(variable, key)
	switch {
	case !ok || strings.EqualFold(v.Text, "false"):
		return Value{}, nil
	case strings.EqualFold(v.Text, "true"):
		return v, nil
	}
	return Value{}, v.Fault("%s %q is neither true nor false", key, v.Text)
}
