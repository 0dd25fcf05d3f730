package config

import (
	"strconv"
	"strings"
	"time"
)

// What follows the source.
const (
	KindSession StepKind = "session"
	KindRole    StepKind = "role"
)

// Exchange is what all steps that ask STS for a session have in common.
type Exchange struct {
	// Serial is the MFA device's serial number or ARN; with it a code is sent.
	Serial   Value
	Duration Duration
	// Endpoint says where STS is asked.
	Endpoint Endpoint
}

// Session is GetSessionToken, with a code if Serial is set.
type Session struct{ Exchange }

// Role is AssumeRole, with a code if Serial is set: then it stands first after
// the source, since only a long-term key can give a code.
type Role struct {
	Exchange
	ARN            Value
	ExternalID     Value
	SessionName    Value // empty: the broker chooses a stable one
	Tags           []Tag // in the order of the file
	TransitiveTags []string
	SourceIdentity Value
	Policy         Value
	PolicyARNs     []string
}

// Exchange is what the step asks of STS; nil when it is a source.
func (s Step) Exchange() *Exchange {
	if e, ok := s.Spec.(interface{ exchange() *Exchange }); ok {
		return e.exchange()
	}
	return nil
}

func (e *Exchange) exchange() *Exchange { return e }

var _, _ Spec = (*Session)(nil), (*Role)(nil)

// Kind implements [Spec].
func (*Session) Kind() StepKind { return KindSession }

// Kind implements [Spec].
func (*Role) Kind() StepKind { return KindRole }

// Describe implements [Spec].
func (s *Session) Describe(at Origin) []Detail {
	return append([]Detail{{"MFA device", s.Serial}, s.Duration.detail()}, s.Endpoint.details(at)...)
}

// Describe implements [Spec].
func (r *Role) Describe(at Origin) []Detail {
	tags := make([]string, len(r.Tags))
	for i, tag := range r.Tags {
		tags[i] = tag.Key + "=" + tag.Value
	}
	list := func(of []string) Value { return Value{strings.Join(of, ", "), at} }
	return append([]Detail{
		{"MFA device", r.Serial},
		{"role", r.ARN},
		{"session name", r.SessionName},
		{"external id", r.ExternalID},
		r.Duration.detail(),
		{"session tags", list(tags)},
		{"transitive tags", list(r.TransitiveTags)},
		{"source identity", r.SourceIdentity},
		{"policy", r.Policy},
		{"policy ARNs", list(r.PolicyARNs)},
	}, r.Endpoint.details(at)...)
}

// Duration is the time asked for and where it was asked; Seconds 0 is AWS's
// default for the call (43,200 s for GetSessionToken, 3,600 s for AssumeRole).
type Duration struct {
	Seconds int32
	Origin  Origin
}

// Length is the duration as Go counts it.
func (d Duration) Length() time.Duration { return time.Duration(d.Seconds) * time.Second }

func (d Duration) detail() Detail {
	switch {
	case d == Duration{}:
		return Detail{}
	case d.Seconds == 0:
		return Detail{"duration", Value{"default", d.Origin}}
	}
	return Detail{"duration", Value{strconv.Itoa(int(d.Seconds)) + " s", d.Origin}}
}

// Tag is one session tag.
type Tag struct{ Key, Value string }

// Endpoint is where STS is asked.
type Endpoint struct {
	// Region of the endpoint and of the signature; never empty once resolved.
	// "aws-global" is the global endpoint sts.amazonaws.com (sts_regional_endpoints
	// = legacy), signed for us-east-1.
	Region Value
	// URL overrides everything that AWS would derive; empty for AWS itself.
	URL Value
	// FIPS and DualStack choose AWS's variants.
	FIPS, DualStack bool
	// CABundle is a PEM file that replaces the system's roots.
	CABundle Value
}

// Global says that STS is asked at sts.amazonaws.com.
func (e Endpoint) Global() bool { return e.Region.Text == globalRegion && e.URL.Text == "" }

// Partition names the part of AWS that the endpoint belongs to, such as aws-cn:
// sessions that were made in any region of it are valid everywhere in it.
func (e Endpoint) Partition() string { return partitionOf(e.Region.Text) }

func (e Endpoint) details(at Origin) []Detail {
	all := []Detail{{"STS region", e.Region}, {"STS endpoint", e.URL}}
	if e.FIPS {
		all = append(all, Detail{"STS variant", Value{"FIPS", at}})
	}
	if e.DualStack {
		all = append(all, Detail{"STS variant", Value{"dual-stack", at}})
	}
	return append(all, Detail{"CA bundle", e.CABundle})
}
