package config

import (
	"slices"
	"strings"
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

// stsRegion: the caller's, then the environment's, then the profile's, then
// the default of the partition. The caller and the environment speak for many
// profiles: a region in another partition than this one's is not meant for it,
// and neither is that of another vendor where the profile has its own.
func (p endpoints) stsRegion(caller, partition string, custom bool) (Value, error) {
	candidates := []Value{{caller, Origin{Rule: "the caller's region"}}}
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		v, _ := p.files.env(name)
		candidates = append(candidates, v)
	}
	own, _ := p.region()
	has := checkRegion(own, custom) == nil
	if partition == "" && isRegion(own.Text) {
		partition = partitionOf(own.Text)
	}
	for _, v := range append(candidates, own) {
		if v.Text == "" || v != own && has && isForeign(v.Text) {
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

// isForeign says that a region is of no AWS, such as auto, local and garage are
// of other vendors' object stores. The names of old are AWS's.
func isForeign(region string) bool {
	return region != globalRegion && !isRegion(region) && regionOfOld(region) == ""
}

// regionOfOld is the region that a name such as fips-us-east-1 means, or empty
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html).
func regionOfOld(region string) string {
	plain := strings.TrimSuffix(strings.TrimPrefix(region, "fips-"), "-fips")
	if plain == region || !isRegion(plain) {
		return ""
	}
	return plain
}

// region is the profile's own. Quotes round it are taken off, as the Go SDK
// does: with them it is the name of no region.
func (p *Profile) region() (Value, bool) {
	v, ok := p.Setting(KeyRegion)
	if n := len(v.Text); n > 2 && v.Text[0] == v.Text[n-1] && strings.IndexByte(`"'`, v.Text[0]) >= 0 {
		v.Text = v.Text[1 : n-1]
	}
	return v, ok
}

// checkRegion refuses what names no region of AWS; a custom endpoint may have
// names of its own.
func checkRegion(v Value, custom bool) error {
	if v.Text == globalRegion || isRegion(v.Text) || custom && isLabel(v.Text) {
		return nil
	}
	if plain := regionOfOld(v.Text); plain != "" {
		return v.Fault("region %q is a name of old; write region = %s and use_fips_endpoint = true", v.Text, plain)
	}
	return v.Fault("region %q is not one; write a name such as eu-west-1", v.Text)
}
