package config

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mfad/mfad/credproc/config/syntax"
)

// globalRegion is what AWS's endpoint rules call sts.amazonaws.com; its
// requests are signed for us-east-1.
const globalRegion = "aws-global"

// legacyRegions are those that sts_regional_endpoints = legacy sends to the
// global endpoint
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-sts-regionalized-endpoints.html).
const legacyRegions = " ap-northeast-1 ap-south-1 ap-southeast-1 ap-southeast-2 aws-global ca-central-1 eu-central-1 eu-north-1" +
	" eu-west-1 eu-west-2 eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2 "

type partitionRule struct{ name, region, prefix string }

// partitions are AWS's, with the region where each asks STS by default, and
// the prefix that tells its regions; the first one has all others.
var partitions = []partitionRule{
	{"aws", "us-east-1", ""},
	{"aws-cn", "cn-north-1", "cn-"},
	{"aws-us-gov", "us-gov-west-1", "us-gov-"},
	{"aws-eusc", "eusc-de-east-1", "eusc-"},
	{"aws-iso", "us-iso-east-1", "us-iso-"},
	{"aws-iso-b", "us-isob-east-1", "us-isob-"},
	{"aws-iso-e", "eu-isoe-west-1", "eu-isoe-"},
	{"aws-iso-f", "us-isof-south-1", "us-isof-"},
}

func partitionOf(region string) string {
	for _, p := range partitions[1:] {
		if strings.HasPrefix(region, p.prefix) {
			return p.name
		}
	}
	return partitions[0].name
}

func isPartition(name string) bool {
	return slices.ContainsFunc(partitions, func(p partitionRule) bool { return p.name == name })
}

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
	return nobody.endpoint("", partition)
}

// endpoint says where STS is asked for this profile. The caller's region
// counts within the partition of the role, the device or the profile's region.
func (p *Profile) endpoint(callerRegion, partition string) (Endpoint, error) {
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

// stsRegion: the caller's, then the environment's, then the profile's, then
// the default of the partition. The caller and the environment speak for many
// profiles: a region in another partition than this one's is not meant for it.
func (p *Profile) stsRegion(caller, partition string, custom bool) (Value, error) {
	candidates := []Value{{caller, Origin{Rule: "the caller's region"}}}
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		v, _ := p.files.env(name)
		candidates = append(candidates, v)
	}
	own, _ := p.Setting(KeyRegion)
	if partition == "" && isRegion(own.Text) {
		partition = partitionOf(own.Text)
	}
	for _, v := range append(candidates, own) {
		if v.Text == "" {
			continue
		}
		if err := checkRegion(v, custom); err != nil {
			return Value{}, err
		}
		switch at := partitionOf(v.Text); {
		case custom || !isPartition(partition) || at == partition:
			return v, nil
		case v == own:
			return Value{}, v.Fault("region %s is of partition %s, and the profile's role or device of %s;"+
				" write a region of %s", v.Text, at, partition, partition)
		}
	}
	for _, a := range partitions {
		if a.name == partition {
			return Value{a.region, Origin{Rule: "default of partition " + partition}}, nil
		}
	}
	return Value{partitions[0].region, Origin{Rule: "default: no region is set"}}, nil
}

// checkRegion refuses what names no region of AWS; a custom endpoint may have
// names of its own.
func checkRegion(v Value, custom bool) error {
	if v.Text == globalRegion || isRegion(v.Text) || custom && isLabel(v.Text) {
		return nil
	}
	// The names of old: https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html
	plain := strings.TrimSuffix(strings.TrimPrefix(v.Text, "fips-"), "-fips")
	if plain != v.Text && isRegion(plain) {
		return v.Fault("region %q is a name of old; write region = %s and use_fips_endpoint = true", v.Text, plain)
	}
	return v.Fault("region %q is not one; write a name such as eu-west-1", v.Text)
}

// legacy sends a region to the global endpoint, if that was asked for.
func (p *Profile) legacy(region Value) (Value, error) {
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
func (p *Profile) endpointURL() (Value, error) {
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
func (p *Profile) serviceURL() (Value, bool, error) {
	name, ok := p.Setting(keyServices)
	if !ok {
		return Value{}, false, nil
	}
	for _, doc := range []*syntax.Document{p.files.Mfad, p.files.Config} {
		i := doc.Find(syntax.Services, name.Text)
		if i < 0 {
			continue
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

func (p *Profile) caBundle() (Value, error) {
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
func (p *Profile) either(variable, key string) (Value, bool) {
	if v, ok := p.files.env(variable); ok {
		return v, true
	}
	return p.Setting(key)
}

// flag is a setting that is true or false; its text is empty when false.
func (p *Profile) flag(variable, key string) (Value, error) {
	v, ok := p.either(variable, key)
	switch {
	case !ok || strings.EqualFold(v.Text, "false"):
		return Value{}, nil
	case strings.EqualFold(v.Text, "true"):
		return v, nil
	}
	return Value{}, v.Fault("%s %q is neither true nor false", key, v.Text)
}
