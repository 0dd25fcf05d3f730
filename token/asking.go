package token

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/sourcegraph/jsonrpc2"
)

// What a process calls back while its one call runs, for the person.

// take serves one call of the process.
func (c *call) take(ctx context.Context, m message) error {
	c.heard++
	switch {
	case c.heard > mostMessages:
		return nonsense("messages without end")
	case c.asking != nil:
		return nonsense("a message while the person was being asked")
	case m.Method == MethodAwait && m.ID == nil:
		return c.await(ctx, m.Params)
	case m.ID == nil:
		return nonsense("a notification that is not known")
	}
	var q Question
	switch {
	case m.Method != MethodSecret && m.Method != MethodLastTry:
		return nonsense("a call that is not known")
	case json.Unmarshal(m.Params, &q) != nil:
		return nonsense("a question that is none")
	}
	asking := make(chan reply, 1)
	go func() { asking <- c.ask(ctx, m, q) }()
	c.asking = asking
	return nil
}

// ask puts a question to the person.
func (c *call) ask(ctx context.Context, m message, q Question) reply {
	r := reply{id: m.ID}
	switch {
	case c.person == nil:
		r.err = fmt.Errorf("%w: nobody can be asked", ErrDismissed)
	case m.Method == MethodLastTry:
		var yes bool
		if yes, r.err = c.person.LastTry(ctx, q); r.err == nil {
			r.answer, r.err = json.Marshal(LastTryAnswer{yes})
		}
	default:
		var secret []byte
		secret, r.err = c.person.Secret(ctx, q)
		defer clear(secret)
		if r.err == nil {
			r.answer, r.err = json.Marshal(SecretAnswer{secret})
		}
	}
	return r
}

// reply passes on what the person said. A refusal stays here; the process
// learns only that there was one.
func (c *call) reply(r reply) error {
	c.asking = nil
	m := message{ID: r.id, Result: r.answer}
	defer clear(r.answer)
	if r.err != nil {
		c.refusal = r.err
		m.Error = &jsonrpc2.Error{Code: ToRPC(ErrDismissed).Code, Message: ErrDismissed.Error()}
	}
	return c.unsent(c.send(m, c.limits.silence))
}

// await tells the person what the process waits for, or that it no longer does.
func (c *call) await(ctx context.Context, params json.RawMessage) error {
	var w Waiting
	if json.Unmarshal(params, &w) != nil {
		return nonsense("a notification that is none")
	}
	c.unwait()
	switch w.For {
	case "":
		return nil
	case AwaitTouch, AwaitInsert:
	default:
		return nonsense("a notification that it waits for something unknown")
	}
	c.waiting = w.For
	if c.person != nil {
		c.withdraw = c.person.Await(ctx, w)
	}
	return nil
}

// unwait ends the standing Await.
func (c *call) unwait() {
	if c.withdraw != nil {
		c.withdraw()
	}
	c.waiting, c.withdraw = "", nil
}
