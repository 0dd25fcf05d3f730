// Package sourcetest has a kind of source that nothing else knows: a vending
// machine. It is a whole one: what a profile says of it, who its credentials
// speak for, how they are made and how they are shown. So tests prove that a new
// kind of source touches nothing but its own room and the wiring, and whoever
// writes one has an example.
//
//	[profile snacks]
//	vending_machine = third-floor
package sourcetest

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
)

// Key is the setting that names a vending machine, and Kind is the kind of its
// steps.
const (
	Key                  = "vending_machine"
	Kind config.StepKind = "vending-machine"
)

// Rule is how profiles name a vending machine, for [config.NewReader].
var Rule = config.SourceRule{
	Keys: []string{Key}, Alone: true,
	Read: func(p *config.Profile) (config.Source, config.Origin, error) {
		name, ok := p.Identity(Key)
		if !ok {
			return nil, config.Origin{}, nil
		}
		if !config.ValidName(name.Text) {
			return nil, config.Origin{}, name.Fault("%s %q is no name; write letters and digits", Key, name.Text)
		}
		return spec{name}, name.Origin, nil
	},
}

// spec is what a profile says of a vending machine.
type spec struct{ name config.Value }

func (spec) Kind() config.StepKind { return Kind }
func (spec) Life() config.Life     { return config.Temporary }

func (s spec) Describe(config.Origin) []config.Detail {
	return []config.Detail{{Name: "vending machine", Value: s.name}}
}

// Vending is the [credproc.Source]. Its zero value sells at once.
type Vending struct {
	// Gate, if not nil, holds back what is sold until it is closed.
	Gate chan struct{}

	sold atomic.Int32
}

var _ credproc.Source = (*Vending)(nil)

// Kind implements [credproc.Source].
func (*Vending) Kind() config.StepKind { return Kind }

// Identity implements [credproc.Source].
func (*Vending) Identity(_ context.Context, step config.Step) (credproc.Identity, error) {
	name := step.Spec.(spec).name.Text
	return credproc.Identity{Key: "vending machine " + name, Name: name}, nil
}

// Make implements [credproc.Source]: each sale has an access key id of its own.
func (v *Vending) Make(ctx context.Context, _ config.Step, id credproc.Identity, ask credproc.Asker) (credproc.Given, error) {
	credproc.Await(ask, id.Key)
	n := v.sold.Add(1)
	if v.Gate != nil {
		select {
		case <-v.Gate:
		case <-ctx.Done():
			return credproc.Given{}, context.Cause(ctx)
		}
	}
	return credproc.Given{Credentials: credproc.Credentials{
		AccessKeyID: fmt.Sprintf("ASIAVENDING%05d", n), SecretAccessKey: "made up", SessionToken: "made up",
		Expiration: time.Now().Add(time.Hour), ARN: "arn:aws:sts::123456789012:assumed-role/snacks/coin",
	}}, nil
}

// Sold is how often credentials were made.
func (v *Vending) Sold() int { return int(v.sold.Load()) }
