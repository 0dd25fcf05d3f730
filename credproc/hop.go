package credproc

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mfad/mfad/credproc/config"
)

// hop is one exchange at STS, as a plan has it: credentials for a session.
// There are two, GetSessionToken and AssumeRole.
type hop struct {
	*config.Exchange
	kind        config.StepKind
	role        *config.Role // nil: GetSessionToken
	sessionName string       // of the role
}

// hopOf makes the hop of a step; name is that of role sessions whose profile
// names none.
func hopOf(step *config.Step, name string) hop {
	h := hop{Exchange: step.Exchange(), kind: step.Kind()}
	if role, ok := step.Spec.(*config.Role); ok {
		h.role, h.sessionName = role, chooseSessionName(role, name)
	}
	return h
}

// roleARN is the role that is assumed; empty if none is.
func (h hop) roleARN() string {
	if h.role == nil {
		return ""
	}
	return h.role.ARN.Text
}

// What STS grants when no duration is asked for.
const (
	defaultSession = 12 * time.Hour
	defaultRole    = time.Hour
)

// longest is the life that AWS grants at most.
func (h hop) longest() time.Duration {
	switch {
	case h.Duration.Seconds > 0:
		return h.Duration.Length()
	case h.role == nil:
		return defaultSession
	}
	return defaultRole
}

// appendKey writes down what makes the session, in one way only.
func (h hop) appendKey(text []byte) []byte {
	text = appendField(text, string(h.kind))
	text = appendField(text, h.Serial.Text)
	text = binary.AppendUvarint(text, uint64(h.longest()))
	text = appendField(text, scopeOf(h.Endpoint))
	role := h.role
	if role == nil {
		return text
	}
	for _, field := range []string{
		role.ARN.Text, role.ExternalID.Text, h.sessionName, role.SourceIdentity.Text, role.Policy.Text,
	} {
		text = appendField(text, field)
	}
	text = appendSet(text, role.PolicyARNs)
	text = appendSet(text, role.TransitiveTags)
	tags := make([]string, len(role.Tags))
	for i, tag := range role.Tags {
		tags[i] = tag.Key + "\x00" + tag.Value
	}
	return appendSet(text, tags)
}

// send asks STS for the session.
func (h hop) send(ctx context.Context, client STS, by Credentials, mfa MFA) (Credentials, error) {
	role := h.role
	if role == nil {
		return client.GetSessionToken(ctx, by, mfa, h.Duration.Length())
	}
	return client.AssumeRole(ctx, by, RoleRequest{
		RoleARN: role.ARN.Text, SessionName: h.sessionName, ExternalID: role.ExternalID.Text,
		Duration: h.Duration.Length(), Tags: role.Tags, TransitiveTags: role.TransitiveTags,
		SourceIdentity: role.SourceIdentity.Text, Policy: role.Policy.Text, PolicyARNs: role.PolicyARNs,
	}, mfa)
}

// explain says what went wrong; source is the key of whose session it is.
func (h hop) explain(source string, err error) error {
	if errors.Is(err, ErrTooLong) && h.Duration.Seconds > 0 {
		err = fmt.Errorf("lower duration_seconds = %d (%s): %w", h.Duration.Seconds, h.Duration.Origin, err)
	}
	switch {
	case h.role != nil:
		return fmt.Errorf("assuming role %s (%s): %w", h.role.ARN.Text, h.role.ARN.Origin, err)
	case h.Serial.Text != "":
		return fmt.Errorf("making a session with MFA device %s (%s): %w", h.Serial.Text, h.Serial.Origin, err)
	}
	return fmt.Errorf("making a session of %s: %w", source, err)
}

// scopeOf is where a session is valid: everywhere in a partition of AWS, or at
// one endpoint that is not AWS's. Sessions of the global endpoint are kept
// apart: regions that an account has to enable do not take them
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html).
func scopeOf(at config.Endpoint) string {
	switch {
	case at.URL.Text != "":
		return at.URL.Text
	case at.Global():
		return at.Region.Text
	}
	return at.Partition()
}

// chooseSessionName is the profile's own name or one that stays the same and
// leads to the person: AWS wants 2 to 64 of [\w+=,.@-].
func chooseSessionName(role *config.Role, otherwise string) string {
	if role.SessionName.Text != "" {
		return role.SessionName.Text
	}
	if who := role.SourceIdentity.Text; who != "" {
		return roleSessionName(who)
	}
	return otherwise
}

func roleSessionName(who string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("_+=,.@-", r):
			return r
		}
		return '-'
	}, who)
	if clean == "" {
		return "mfad"
	}
	return ("mfad-" + clean)[:min(64, len("mfad-")+len(clean))]
}
