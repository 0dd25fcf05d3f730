package credproc

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/internal/errcode"
)

// planner knows the sources, and makes plans of chains.
type planner struct {
	sources     map[config.StepKind]Source
	sessionName string // of roles whose profile names none
}

// plan is a chain on its way to credentials.
type plan struct {
	chain   *config.Chain
	profile string // as the caller asked for it

	source      Source
	id          Identity     // of the source
	keys        []sessionKey // one a step
	sessionName string       // of roles whose profile names none
}

// stage is one step of a plan.
type stage struct {
	*plan
	at int
}

func (p *plan) last() stage        { return stage{p, len(p.chain.Steps) - 1} }
func (s stage) below() stage       { return stage{s.plan, s.at - 1} }
func (s stage) hop() hop           { return hopOf(s.step(), s.sessionName) }
func (s stage) first() bool        { return s.at == 0 }
func (s stage) atHand() bool       { return s.first() && s.id.AtHand }
func (s stage) step() *config.Step { return &s.chain.Steps[s.at] }
func (s stage) key() sessionKey    { return s.keys[s.at] }
func (s stage) handedOut() bool    { return s.at == len(s.chain.Steps)-1 }

// serial is the device that the stage asks a code of; empty if none.
func (s stage) serial() config.Value {
	if exchange := s.step().Exchange(); exchange != nil {
		return exchange.Serial
	}
	return config.Value{}
}

// margin is the life that a session must have left to serve this stage.
func (s stage) margin(d deadline) time.Duration {
	if s.handedOut() {
		return d.handOut()
	}
	return min(signMargin, d.life/3)
}

// longest is the life that AWS grants at most, 0 when it is not ours to know.
func (s stage) longest() time.Duration {
	if s.first() {
		return 0
	}
	return s.hop().longest()
}

// name is how a listing calls what the stage makes sessions of.
func (s stage) name() string {
	switch {
	case s.first():
		return cmp.Or(s.id.Name, s.id.Key)
	case s.hop().role != nil:
		return s.hop().roleARN()
	}
	return s.id.Key
}

// explain says which stage went wrong, and names what an advice on it can name: the
// key that signed, or who was denied a session of their own.
func (s stage) explain(err error) error {
	hop := s.hop()
	explained := hop.explain(s.id.Key, err)
	switch key, ofVault := s.chain.Steps[0].Spec.(config.VaultKey); {
	case s.at == 1 && ofVault && errors.Is(err, ErrKeyRefused):
		return errcode.With(explained, "key", key.Name.Text)
	case hop.role == nil && errors.Is(err, ErrDenied):
		return errcode.With(errcode.With(explained, "operation", "GetSessionToken"), "identity", s.id.KeyID)
	}
	return explained
}

// plan works out whose sessions a chain makes, and their keys.
func (p planner) plan(ctx context.Context, profile string, chain *config.Chain) (*plan, error) {
	if len(chain.Steps) == 0 {
		return nil, fmt.Errorf("profile %q resolves to nothing", profile)
	}
	first := chain.Steps[0]
	source, known := p.sources[first.Kind()]
	if !known {
		return nil, fmt.Errorf("%s: a step %q is beyond this agent", first.At, first.Kind())
	}
	id, err := source.Identity(ctx, first)
	if err != nil {
		return nil, err
	}
	made := &plan{
		chain: chain, profile: profile, source: source, id: id,
		keys: make([]sessionKey, len(chain.Steps)), sessionName: p.sessionName,
	}
	var room [512]byte
	text := appendField(room[:0], id.Key)
	made.keys[0] = sha256.Sum256(text)
	for i := 1; i < len(chain.Steps); i++ {
		text = append(text[:0], made.keys[i-1][:]...)
		made.keys[i] = sha256.Sum256(stage{made, i}.hop().appendKey(text))
	}
	return made, nil
}

// purpose is what a person is told when the plan needs an answer.
func (p *plan) purpose() Purpose {
	why := Purpose{Profile: p.profile}
	for i := 1; i < len(p.chain.Steps); i++ {
		hop := stage{p, i}.hop()
		why.RoleARN = cmp.Or(hop.roleARN(), why.RoleARN)
		why.Serial = cmp.Or(hop.Serial.Text, why.Serial)
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
