package credproc

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/mfad/mfad/credproc/config"
)

// hop is one exchange at STS, as a plan has it: credentials for a session.
type hop interface {
	config.Spec
	// appendKey writes down what makes the session, in one way only.
	appendKey(text []byte) []byte
	// role is the ARN of the role that is assumed; empty if none is.
	role() string
	// longest is the life that AWS grants at most.
	longest() time.Duration
	// send asks STS for the session.
	send(ctx context.Context, client STS, by Credentials, mfa MFA) (Credentials, error)
	// explain says what went wrong; source is the key of whose session it is.
	explain(source string, err error) error
}

// hopOf makes the hop of a step; name is that of role sessions whose profile
// names none.
func hopOf(step config.Step, name string) hop {
	if role, ok := step.Spec.(*config.Role); ok {
		return roleHop{role, chooseSessionName(role, name)}
	}
	return sessionHop{step.Spec.(*config.Session)}
}

// What STS grants when no duration is asked for.
const (
	defaultSession = 12 * time.Hour
	defaultRole    = time.Hour
)

// sessionHop is GetSessionToken.
type sessionHop struct{ *config.Session }

func (h sessionHop) role() string { return "" }

func (h sessionHop) longest() time.Duration { return lengthOf(h.Duration, defaultSession) }

func (h sessionHop) appendKey(text []byte) []byte {
	return appendExchange(text, h, &h.Exchange)
}

func (h sessionHop) send(ctx context.Context, client STS, by Credentials, mfa MFA) (Credentials, error) {
	return client.GetSessionToken(ctx, by, mfa, h.Duration.Length())
}

func (h sessionHop) explain(source string, err error) error {
	if h.Serial.Text != "" {
		return fmt.Errorf("making a session with MFA device %s (%s): %w", h.Serial.Text, h.Serial.Origin, err)
	}
	return fmt.Errorf("making a session of %s: %w", source, err)
}

// roleHop is AssumeRole.
type roleHop struct {
	*config.Role
	sessionName string
}

func (h roleHop) role() string { return h.ARN.Text }

func (h roleHop) longest() time.Duration { return lengthOf(h.Duration, defaultRole) }

func (h roleHop) appendKey(text []byte) []byte {
	text = appendExchange(text, h, &h.Exchange)
	for _, field := range []string{h.ARN.Text, h.ExternalID.Text, h.sessionName, h.SourceIdentity.Text, h.Policy.Text} {
		text = appendField(text, field)
	}
	text = appendSet(text, h.PolicyARNs)
	text = appendSet(text, h.TransitiveTags)
	tags := make([]string, len(h.Tags))
	for i, tag := range h.Tags {
		tags[i] = tag.Key + "\x00" + tag.Value
	}
	return appendSet(text, tags)
}

func (h roleHop) send(ctx context.Context, client STS, by Credentials, mfa MFA) (Credentials, error) {
	return client.AssumeRole(ctx, by, RoleRequest{
		RoleARN: h.ARN.Text, SessionName: h.sessionName, ExternalID: h.ExternalID.Text,
		Duration: h.Duration.Length(), Tags: h.Tags, TransitiveTags: h.TransitiveTags,
		SourceIdentity: h.SourceIdentity.Text, Policy: h.Policy.Text, PolicyARNs: h.PolicyARNs,
	}, mfa)
}

func (h roleHop) explain(_ string, err error) error {
	return fmt.Errorf("assuming role %s (%s): %w", h.ARN.Text, h.ARN.Origin, err)
}

// lengthOf is the time that was asked for, or AWS's default.
func lengthOf(asked config.Duration, otherwise time.Duration) time.Duration {
	if asked.Seconds > 0 {
		return asked.Length()
	}
	return otherwise
}

// appendExchange writes down what all hops have in common.
func appendExchange(text []byte, h hop, e *config.Exchange) []byte {
	text = appendField(text, string(h.Kind()))
	text = appendField(text, e.Serial.Text)
	text = binary.AppendUvarint(text, uint64(h.longest()))
	return appendField(text, scopeOf(e.Endpoint))
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
