package serve

import (
	"context"
	"errors"
	"sync"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
)

// caller is the person at the other end of the connection.
type caller struct{ conn *jsonrpc2.Conn }

var _ token.Person = (*caller)(nil)

// Ask implements [token.Person].
func (c *caller) Ask(ctx context.Context, q human.Question) (answer human.Answer, err error) {
	err = c.conn.Call(ctx, token.MethodAsk, q, &answer)
	if refusal, ok := errors.AsType[*jsonrpc2.Error](err); ok {
		err = token.FromRPC(refusal)
	}
	return answer, err
}

// alive tells the agent that a long call goes on: not to wait for anything is no
// news, but a word.
func (c *caller) alive(ctx context.Context) {
	_ = c.conn.Notify(ctx, token.MethodAwait, token.Waiting{})
}

// Await implements [token.Person]. An agent that has gone need not be told.
func (c *caller) Await(ctx context.Context, w token.Waiting) func() {
	_ = c.conn.Notify(ctx, token.MethodAwait, w)
	return sync.OnceFunc(func() { _ = c.conn.Notify(ctx, token.MethodAwait, token.Waiting{}) })
}
