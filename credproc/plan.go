package credproc

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mfad/mfad/credproc/config"
)

// sessionKey says what makes a session: the hash of its own settings and of
// all steps below it. Equal keys are the same session to AWS, whatever profile
// or region asked for it.
type sessionKey [sha256.Size]byte

// String is the id under which a session is listed.
func (k sessionKey) String() string { return hex.EncodeToString(k[:6]) }

// plan is a chain on its way to credentials.
type plan struct {
	chain  *config.Chain
	keys   []sessionKey // one a step
	source string       // names the identity that signs first: its access key id when known

	profile string // as the caller asked for it
}

// leg is one step of a plan.
type leg struct {
	*plan
	at int
}

func (p *plan) last() leg        { return leg{p, len(p.chain.Steps) - 1} }
func (l leg) below() leg         { return leg{l.plan, l.at - 1} }
func (l leg) step() *config.Step { return &l.chain.Steps[l.at] }
func (l leg) key() sessionKey    { return l.keys[l.at] }
func (l leg) handedOut() bool    { return l.at == len(l.chain.Steps)-1 }

// margin is the life that a session must have left to serve this leg.
func (l leg) margin(d deadline) time.Duration {
	if l.handedOut() {
		return d.handOut()
	}
	return min(signMargin, d.life/3)
}

// longest is the life that AWS grants at most, 0 when it is not ours to know.
func (l leg) longest() time.Duration {
	switch step := l.step(); {
	case step.Duration.Seconds > 0:
		return step.Duration.Length()
	case step.Kind == config.Session:
		return defaultSession
	case step.Kind == config.Role:
		return defaultRole
	}
	return 0
}

// What STS grants when no duration is asked for.
const (
	defaultSession = 12 * time.Hour
	defaultRole    = time.Hour
)

// plan works out the keys of a chain's sessions.
func (b *Broker) plan(ctx context.Context, profile string, chain *config.Chain) (*plan, error) {
	if len(chain.Steps) == 0 {
		return nil, fmt.Errorf("profile %q resolves to nothing", profile)
	}
	source, err := b.identity(ctx, &chain.Steps[0])
	if err != nil {
		return nil, err
	}
	p := &plan{chain: chain, keys: make([]sessionKey, len(chain.Steps)), source: source, profile: profile}
	var room [512]byte
	text := appendField(room[:0], source)
	p.keys[0] = sha256.Sum256(text)
	for i := 1; i < len(chain.Steps); i++ {
		text = append(text[:0], p.keys[i-1][:]...)
		p.keys[i] = sha256.Sum256(b.appendStep(text, leg{p, i}))
	}
	return p, nil
}

// identity names the source of a chain by what AWS tells it apart by: equal
// names are the same identity.
func (b *Broker) identity(ctx context.Context, source *config.Step) (string, error) {
	switch source.Kind {
	case config.VaultKey:
		id, err := b.keys.KeyID(ctx, source.Key.Text)
		if err != nil {
			return "", fmt.Errorf("access key %q (%s): %w", source.Key.Text, source.Key.Origin, err)
		}
		return id, nil
	case config.StaticKeys:
		return source.AccessKeyID.Text, nil
	case config.Environment:
		id := b.environ("AWS_ACCESS_KEY_ID")
		if id == "" {
			return "", fmt.Errorf("credential_source = Environment (%s): the agent was started without AWS_ACCESS_KEY_ID in its environment", source.At)
		}
		return id, nil
	case config.Process:
		hash := sha256.Sum256([]byte(source.Command.Text)) // the command line may hold secrets
		return "process " + hex.EncodeToString(hash[:6]), nil
	}
	return string(source.Kind), nil
}

// appendStep writes down what makes a step's session, in one way only.
func (b *Broker) appendStep(text []byte, l leg) []byte {
	step := l.step()
	text = appendField(text, string(step.Kind))
	text = appendField(text, step.Serial.Text)
	text = binary.AppendUvarint(text, uint64(l.longest()))
	text = appendField(text, place(step.Endpoint))
	if step.Kind != config.Role {
		return text
	}
	for _, field := range []string{
		step.RoleARN.Text, step.ExternalID.Text, b.sessionName(step),
		step.SourceIdentity.Text, step.Policy.Text,
	} {
		text = appendField(text, field)
	}
	text = appendSet(text, step.PolicyARNs)
	text = appendSet(text, step.TransitiveTags)
	tags := make([]string, len(step.Tags))
	for i, tag := range step.Tags {
		tags[i] = tag.Key + "\x00" + tag.Value
	}
	return appendSet(text, tags)
}

func appendField(text []byte, field string) []byte {
	text = binary.AppendUvarint(text, uint64(len(field)))
	return append(text, field...)
}

// appendSet writes fields of which AWS does not mind the order.
func appendSet(text []byte, fields []string) []byte {
	text = binary.AppendUvarint(text, uint64(len(fields)))
	if len(fields) > 1 {
		fields = slices.Sorted(slices.Values(fields))
	}
	for _, field := range fields {
		text = appendField(text, field)
	}
	return text
}

// place is where a session is valid: everywhere in a partition of AWS, or at
// one endpoint that is not AWS's. Sessions of the global endpoint are kept
// apart: regions that an account has to enable do not take them
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html).
func place(at config.Endpoint) string {
	switch {
	case at.URL.Text != "":
		return at.URL.Text
	case at.Global():
		return at.Region.Text
	}
	return at.Partition()
}

// sessionName is the step's own name or one that stays the same and leads to
// the person: AWS wants 2 to 64 of [\w+=,.@-].
func (b *Broker) sessionName(step *config.Step) string {
	if step.SessionName.Text != "" {
		return step.SessionName.Text
	}
	if who := step.SourceIdentity.Text; who != "" {
		return roleSessionName(who)
	}
	return b.defaultName
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

// purpose is what a person is told when the plan needs an answer.
func (p *plan) purpose() Purpose {
	why := Purpose{Profile: p.profile}
	for i := range p.chain.Steps {
		step := &p.chain.Steps[i]
		why.RoleARN = cmp.Or(step.RoleARN.Text, why.RoleARN)
		why.Serial = cmp.Or(step.Serial.Text, why.Serial)
	}
	why.Account = cmp.Or(AccountOf(why.RoleARN), AccountOf(why.Serial))
	return why
}

// AccountOf is the account of an ARN, 12 digits, or empty.
func AccountOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || len(parts[4]) != 12 {
		return ""
	}
	return parts[4]
}
