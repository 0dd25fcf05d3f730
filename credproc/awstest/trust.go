package awstest

import (
	"slices"
	"time"
)

// Trust is a role's trust policy: who may assume it, and on which conditions.
// Every condition that is set must hold.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
type Trust struct {
	// Principals are ARNs of users, roles and role sessions, and accounts as
	// ARN of their root or as 12 digits.
	Principals []string
	// MFA is Bool aws:MultiFactorAuthPresent true.
	MFA bool
	// MaxMFAAge is NumericLessThan aws:MultiFactorAuthAge; 0 is no condition.
	MaxMFAAge time.Duration
	// ExternalID is StringEquals sts:ExternalId; empty is no condition.
	ExternalID string
	// TagSession allows sts:TagSession, without which tags are refused.
	TagSession bool
	// SetSourceIdentity allows sts:SetSourceIdentity likewise.
	SetSourceIdentity bool
}

// assumption is what a trust policy judges.
type assumption struct {
	by             principal
	mfaAt          time.Time // zero: not authenticated by MFA
	now            time.Time
	externalID     string
	tagged         bool
	sourceIdentity string
}

// denies names the action that the policy does not allow, or nothing.
func (t Trust) denies(a assumption) string {
	switch {
	case !t.names(a.by), t.ExternalID != "" && a.externalID != t.ExternalID, !t.mfaHolds(a):
		return "sts:AssumeRole"
	case a.tagged && !t.TagSession:
		return "sts:TagSession"
	case a.sourceIdentity != "" && !t.SetSourceIdentity:
		return "sts:SetSourceIdentity"
	}
	return ""
}

// names tells whether the principal element covers the caller.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func (t Trust) names(p principal) bool {
	return slices.ContainsFunc(t.Principals, func(name string) bool {
		return name == p.arn || name == p.role && p.role != "" || name == p.account || name == p.root()
	})
}

func (t Trust) mfaHolds(a assumption) bool {
	present := !a.mfaAt.IsZero()
	if t.MFA && !present {
		return false
	}
	return t.MaxMFAAge == 0 || present && a.now.Sub(a.mfaAt) < t.MaxMFAAge
}
