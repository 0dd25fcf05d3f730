package awstest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// roleCall is what AssumeRole is asked, checked for form.
type roleCall struct {
	arn, session, externalID string
	serial, code             string
	duration                 time.Duration
	tags                     tags
	sourceIdentity           string
	packed                   int // percent of what policies and tags may take
}

func parseRoleCall(call call) (roleCall, *apiError) {
	c := &constraints{call: call}
	c.require("RoleArn")
	c.require("RoleSessionName")
	r := roleCall{
		arn:            c.text("RoleArn", arnShape),
		session:        c.text("RoleSessionName", nameShape),
		externalID:     c.text("ExternalId", externalIDShape),
		sourceIdentity: c.text("SourceIdentity", nameShape),
		duration:       time.Duration(c.number("DurationSeconds", roleSeconds)) * time.Second,
	}
	r.serial, r.code = c.mfa()
	policy := c.text("Policy", policyShape)
	arns := c.list("PolicyArns", ".arn", maxPolicyARNs)
	r.tags = c.tags()
	if refusal := c.refusal(); refusal != nil {
		return r, refusal
	}
	if policy != "" && !json.Valid([]byte(policy)) {
		return r, refuse(http.StatusBadRequest, "MalformedPolicyDocument", "The policy is not in the valid JSON format.")
	}
	r.packed = packedSize(policy, arns, r.tags)
	if r.packed > 100 {
		return r, refuse(http.StatusBadRequest, "PackedPolicyTooLarge",
			fmt.Sprintf("Packed size of session policy and tags consumes %d%% of allotted space.", r.packed))
	}
	return r, r.tags.refusal()
}

// packedSize stands for AWS's compression, which it does not publish.
func packedSize(policy string, arns []string, t tags) int {
	size := len(policy) + len(strings.Join(arns, ""))
	for _, tag := range t.pairs {
		size += len(tag[0]) + len(tag[1])
	}
	return (size*100 + maxPolicy - 1) / maxPolicy
}

func (r *realm) assumeRoleLocked(by caller, call call) (any, *apiError) {
	ask, refusal := parseRoleCall(call)
	if refusal != nil {
		return nil, refusal
	}
	mfaAt, refusal := r.checkMFALocked(by.who, ask.serial, ask.code)
	if refusal != nil {
		return nil, refusal
	}
	role, refusal := r.authorizeLocked(by.who, ask, mfaAt)
	if refusal != nil {
		return nil, refusal
	}
	if by.who.temporary && ask.duration > maxChained {
		return nil, invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	if ask.duration > role.MaxDuration {
		return nil, invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	transitive, refusal := ask.tags.passOn(by.who.transitive)
	if refusal != nil {
		return nil, refusal
	}
	who := principal{ // no mfaAt: the session of a role carries no MFA
		account: role.Account, arn: role.sessionARN(ask.session), userID: role.id + ":" + ask.session, role: role.arn,
		sourceIdentity: ask.sourceIdentity, transitive: transitive,
	}
	if who.sourceIdentity == "" {
		who.sourceIdentity = by.who.sourceIdentity
	}
	return assumeRoleXML{
		Credentials: r.issueLocked(who, ask.duration), AssumedRoleID: who.userID, ARN: who.arn,
		PackedPolicySize: ask.packed, SourceIdentity: who.sourceIdentity,
	}, nil
}

// authorizeLocked holds the caller against the role's trust policy. A role that
// is not there is denied in the same words: AWS does not tell which.
func (r *realm) authorizeLocked(by principal, ask roleCall, mfaAt time.Time) (*roleRecord, *apiError) {
	if by.user != nil && by.user.root {
		return nil, refuse(http.StatusForbidden, "AccessDenied", "Roles may not be assumed by root accounts.")
	}
	denied := "sts:AssumeRole"
	role := r.roles[ask.arn]
	if role != nil {
		denied = role.Trust.denies(assumption{
			by: by, mfaAt: mfaAt, now: r.clockLocked(), externalID: ask.externalID,
			// What the calling session passes on counts as set.
			tagged: len(ask.tags.pairs)+len(by.transitive) > 0, sourceIdentity: cmp.Or(ask.sourceIdentity, by.sourceIdentity),
		})
	}
	if denied == "" && ask.sourceIdentity != "" && by.sourceIdentity != "" && ask.sourceIdentity != by.sourceIdentity {
		denied = "sts:SetSourceIdentity" // it cannot be changed once it is set
	}
	if denied != "" {
		return nil, refuse(http.StatusForbidden, "AccessDenied",
			fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", by.arn, denied, ask.arn))
	}
	return role, nil
}
