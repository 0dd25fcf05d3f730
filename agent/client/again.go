package client

import (
	"context"
	"errors"
	"io"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/pause"
)

// tries is what one call has tried so far.
type tries struct {
	between  pause.Growing
	untaken  int
	repeated int
	moved    bool
}

// mostUntaken is how often a call is made that no agent takes: the pauses between
// are three seconds together.
const mostUntaken = 64

// mostRepeated is how often a call is made again that an agent took and did not
// answer: one that ends, or one that gives up calls where a crowd has too many.
const mostRepeated = 8

// again tells whether a call that ended with err is to be made once more, and
// makes a connection for it.
func (t *tries) again(ctx context.Context, c *Client, method string, err error) bool {
	switch {
	case ctx.Err() != nil:
		return false
	case errors.Is(err, errcode.VaultInUse) && !t.moved:
		t.moved = true
		return c.move(ctx)
	case c.heard || !c.broken:
		return false
	case reset(err) && t.untaken < mostUntaken:
		// The kernel says so when the agent closes before it has read all: then it
		// has read no whole line.
		t.untaken++
	case errors.Is(err, io.EOF) && wire.Repeatable(method) && t.repeated < mostRepeated:
		t.repeated++
	default:
		return false
	}
	return t.between.Wait(ctx) == nil && c.redial(ctx) == nil
}

// redial takes a new connection, to a new agent if need be.
func (c *Client) redial(ctx context.Context) error {
	next, err := reach(ctx, c.options)
	if err != nil {
		return err
	}
	c.adopt(next)
	return nil
}

// move goes over to the agent that holds the vault, if it is another one.
func (c *Client) move(ctx context.Context) bool {
	path, err := c.options.address()
	if err != nil || path == c.socket {
		return false
	}
	conn, err := connect(ctx, path)
	if err != nil {
		return false
	}
	c.adopt(reached{conn, path})
	return true
}

// adopt lets the connection go, and takes the other.
func (c *Client) adopt(next reached) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		_ = c.conn.Close()
	}
	if c.closed {
		_ = next.conn.Close()
	}
	c.conn, c.socket, c.pid = next.conn, next.path, pidOf(next.conn)
	c.stream, c.broken = wire.NewStream(next.conn, wire.ClientLimits), false
}
