package config

import (
	"fmt"
	"slices"
)

// A Chain is a profile resolved: the steps that make its credentials, from the
// source of the identity to the last role. It holds everything that decides
// what is asked of AWS, and nothing of who asks.
type Chain struct {
	// Profile is the name that was resolved.
	Profile string
	// Steps has one source, then at most one Session, then the roles in the
	// order in which they are assumed.
	Steps []Step
	// Region is the profile's own region, for the caller's services.
	Region Value
}

// StepKind says what a step does.
type StepKind string

// A Step is one link of a [Chain]: where it stands, and what its kind reads.
type Step struct {
	// Profile is the profile that the step was read from.
	Profile string
	// At is where the step is declared.
	At Origin
	Spec
}

// String names the step in an error.
func (s Step) String() string { return fmt.Sprintf("%s (%s)", s.Kind(), s.At) }

// Details are the settings of the step for a person, in the order in which they
// are shown. Those without a value are left out; no secret is among them.
func (s Step) Details() []Detail {
	return slices.DeleteFunc(s.Describe(s.At), func(d Detail) bool { return d.Text == "" })
}

// A Spec is what one kind of step reads of a profile. That of the first step is
// a [Source]; what follows it is an [Exchange].
type Spec interface {
	Kind() StepKind
	// Describe tells the settings, in the order in which they are shown. At is
	// where the step is declared, for what has no origin of its own.
	Describe(at Origin) []Detail
}

// A Source is the Spec of a step that a chain begins with.
type Source interface {
	Spec
	// Life is what is known of the source's credentials before they are made.
	Life() Life
}

// Life says how long a source's credentials live, which decides what AWS lets
// them do.
type Life int

const (
	// UnknownLife may be any: the credentials have to be made to know.
	UnknownLife Life = iota
	// LongTerm credentials are an IAM user's: they can prove a device, and are
	// never handed out.
	LongTerm
	// Temporary credentials end by themselves and prove no device.
	Temporary
	// RoleSession is Temporary, and the session of a role: AWS gives roles that
	// are assumed by it one hour at most.
	RoleSession
)

// Detail is a setting as it is shown to a person.
type Detail struct {
	Name string
	Value
}

// Source is what the chain begins with.
func (c *Chain) Source() Source {
	source, _ := c.Steps[0].Spec.(Source)
	return source
}

// Role is the ARN of the role that the chain ends in; empty if it ends in none.
func (c *Chain) Role() string {
	if role, ok := c.Steps[len(c.Steps)-1].Spec.(*Role); ok {
		return role.ARN.Text
	}
	return ""
}
