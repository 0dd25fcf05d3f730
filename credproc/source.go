package credproc

import (
	"context"

	"github.com/mfad/mfad/credproc/config"
)

// A Source gives the credentials that a chain begins with, for the steps of one
// kind. The broker has the sources of package config's own kinds but for the
// machine's; others come by [Options]. What a profile says of a kind is the
// step's [config.Source].
type Source interface {
	// Kind is that of the steps that the source serves.
	Kind() config.StepKind
	// Identity says whose credentials the step gives. It asks nobody and fetches
	// nothing, but may wait for a vault to be opened.
	Identity(ctx context.Context, step config.Step) (Identity, error)
	// Make gives the credentials; id is what Identity said. The broker calls it
	// once for all who wait for the same identity, ask then reaches all of them,
	// and keeps what has a session token and an end until that end. What takes
	// long is told by Await.
	Make(ctx context.Context, step config.Step, id Identity, ask Asker) (Given, error)
}

// Identity says whose credentials a source gives.
type Identity struct {
	// Key tells the identity from all others: sources of equal keys are the same
	// to AWS, and share their sessions.
	Key string
	// KeyID is the access key id, when it is known before the credentials are.
	KeyID string
	// Name is how a listing calls it; empty is Key.
	Name string
	// AtHand credentials cost nothing to make: each request takes them by a Make
	// of its own, and nothing of them is kept.
	AtHand bool
}

// Given are credentials on their way to whoever signs with them.
type Given struct {
	Credentials
	// Release wipes them; nil when there is nothing to wipe. It counts only for
	// credentials that are at hand.
	Release func()

	cached bool // they are of a session that was there before
}

// Await notes what those who ask wait for, such as "the credential_process of
// profile p": a request that gives up says it.
func Await(ask Asker, what string) { waitingFor(ask, "waiting for "+what) }

func (g Given) release() {
	if g.Release != nil {
		g.Release()
	}
}
