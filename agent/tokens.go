package agent

import (
	"context"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
)

// Tokens are hardware tokens, with the contracts of [token.Helper].
type Tokens interface {
	token.Wrapper
	List(ctx context.Context, p token.ListParams) (token.Listing, error)
	Look(ctx context.Context, person token.Person) (token.Listing, error)
	OATHCode(ctx context.Context, p token.OATHCodeParams, person token.Person) (token.OATHCode, error)
	OATHDay(ctx context.Context, p token.OATHDayParams, person token.Person) (token.OATHDay, error)
	OATHPut(ctx context.Context, p token.OATHPutParams, person token.Person) (token.Placed, error)
	OATHDelete(ctx context.Context, p token.OATHDeleteParams, person token.Person) (token.Placed, error)
	OATHAccess(ctx context.Context, p token.OATHAccessParams, person token.Person) (token.OATHAccess, error)
	OATHProtect(ctx context.Context, p token.OATHProtectParams, person token.Person) (token.OATHAccess, error)
	KeyKinds() token.Kinds
	MakeKey(ctx context.Context, p token.KeyParams, person token.Person) (token.NewKey, error)
	Watch(ctx context.Context, p token.WatchParams) error
}

var _ Tokens = (*token.Helper)(nil)

// insertSeconds is how long a token is waited for that somebody may plug in.
const insertSeconds = 30

// patience is for how many seconds to wait for a token: not at all where nobody
// can be told to plug it in.
func patience(ask credproc.Asker) int {
	if ask.Reach() == human.Person {
		return insertSeconds
	}
	return 0
}
