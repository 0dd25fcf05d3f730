package serve

import (
	"context"
	"errors"
	"sync"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/mfad/mfad/token"
)

// caller is the person at the other end of the connection.
type caller struct{ conn *jsonrpc2.Conn }

var _ token.Person = (*caller)(nil)

func (c *caller) Secret(ctx context.Context, q token.Question) ([]byte, error) {
	var answer token.SecretAnswer
	err := c.call(ctx, token.MethodSecret, q, &answer)
	return answer.Secret, err
}

func (c *caller) LastTry(ctx context.Context, q token.Question) (bool, error) {
	var answer token.LastTryAnswer
	err := c.call(ctx, token.MethodLastTry, q, &answer)
	return answer.Yes, err
}

func (c *caller) call(ctx context.Context, method string, q token.Question, answer any) error {
	err := c.conn.Call(ctx, method, q, answer)
	if refusal, ok := errors.AsType[*jsonrpc2.Error](err); ok {
		return token.FromRPC(refusal)
	}
	return err
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
