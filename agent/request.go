package agent

import (
	"context"

	"github.com/mfad/mfad/agent/vault"
	"github.com/mfad/mfad/credproc"
)

// request is one call as the methods see it: who asks, and how to ask back.
type request struct {
	method string
	conn   conn
	ask    *asker
}

var _ vault.Chooser = (*asker)(nil)

// NewSecret implements [vault.Chooser].
func (a *asker) NewSecret(ctx context.Context, what, again string) ([]byte, error) {
	return a.newSecret(ctx, what, again)
}

// Reach tells whether the person can be told what to do.
func (a *asker) Reach() credproc.Reach {
	if a.tty || a.desk != nil && (a.desk.at.Display != "" || a.desk.at.WaylandDisplay != "" || a.desk.at.Bus != "") {
		return credproc.Person
	}
	return credproc.Somebody
}
