package token

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/mfad/mfad/internal/human"
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
	if m.Method != MethodAsk {
		return nonsense("a call that is not known")
	}
	q, err := readQuestion(m.Params, c.kinds)
	if err != nil {
		return err
	}
	asking := make(chan reply, 1)
	go func() { asking <- c.ask(ctx, m, q) }()
	c.asking = asking
	return nil
}

// readQuestion keeps of a question what a [Want] makes one of. A program
// cannot ask for another secret by it, such as for the vault's passphrase: what
// is not known to be a token's is asked for as an "answer".
func readQuestion(params json.RawMessage, kinds Kinds) (human.Question, error) {
	var q human.Question
	if json.Unmarshal(params, &q) != nil {
		return q, nonsense("a question that is none")
	}
	kept := human.Question{Kind: q.Kind, What: printable(q.What)}
	switch q.Kind {
	case human.Confirm:
	case human.Secret:
		if !kinds.secret(q.What) {
			kept.What = "answer"
		}
		kept.Token, kept.Tries, kept.Again = printable(q.Token), max(q.Tries, 0), printable(q.Again)
	default:
		return q, nonsense("a question that is none")
	}
	return kept, nil
}

// ask puts a question to the person.
func (c *call) ask(ctx context.Context, m message, q human.Question) reply {
	r := reply{id: m.ID}
	if c.person == nil {
		r.err = fmt.Errorf("%w: nobody can be asked", human.ErrDismissed)
		return r
	}
	answer, err := c.person.Ask(ctx, q)
	defer answer.Wipe()
	if r.err = err; err == nil {
		r.answer, r.err = json.Marshal(answer)
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
		m.Error = &jsonrpc2.Error{Code: ToRPC(human.ErrDismissed).Code, Message: human.ErrDismissed.Error()}
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
