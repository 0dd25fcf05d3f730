package agent

import (
	"context"

	"github.com/mfad/mfad/agent/vault"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/token"
)

// Tokens are hardware tokens, with the contracts of [token.Helper].
type Tokens interface {
	vault.Tokens
	List(ctx context.Context, p token.ListParams) (token.Listing, error)
	OATHCode(ctx context.Context, p token.OATHCodeParams, person token.Person) (token.OATHCode, error)
	OATHDay(ctx context.Context, p token.OATHDayParams, person token.Person) (token.OATHDay, error)
	OATHPut(ctx context.Context, p token.OATHPutParams, person token.Person) (token.Placed, error)
	OATHDelete(ctx context.Context, p token.OATHDeleteParams, person token.Person) (token.Placed, error)
	OATHAccess(ctx context.Context, p token.OATHAccessParams, person token.Person) (token.OATHAccess, error)
	OATHProtect(ctx context.Context, p token.OATHProtectParams, person token.Person) (token.OATHAccess, error)
}

var _ Tokens = (*token.Helper)(nil)

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
