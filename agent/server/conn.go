package server

import (
	"container/list"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/mfad/mfad/agent/peer"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
)

// ErrGone says that the client closed its connection.
var ErrGone = errcode.New(errcode.Dismissed, "server: the client has gone")

// Conn is one client's connection. A handler may use it, from several
// goroutines, until the handler returns.
type Conn struct {
	server *server
	peer   peer.Peer
	claim  func() (peer.Claim, error)
	stream *wire.Stream
	rpc    *jsonrpc2.Conn // set by the first request

	// Guarded by the mutex of connections.
	counted bool          // it counts among the open ones
	since   time.Time     // that it has it
	turn    uint64        // when it was used last
	calls   int           // that run
	served  bool          // a call has ended
	idle    *list.Element // in connections.idle, while it counts and no call runs
}

// Peer is the process that connected.
func (c *Conn) Peer() peer.Peer { return c.peer }

// Claim is what the peer said of itself when Claim was first called: reading
// it takes longer than most answers.
func (c *Conn) Claim() (peer.Claim, error) { return c.claim() }

// Call calls the client back and waits for its answer, which is decoded into
// result. It returns the [*errcode.Error] that the client answered, an error that
// wraps [ErrGone] when the connection closes first, or ctx's when that ends
// first; the client then still works on the call, and the caller tells it
// otherwise if it wants to.
func (c *Conn) Call(ctx context.Context, method string, params, result any) error {
	return c.outcome(method, c.rpc.Call(ctx, method, params, result))
}

// Notify tells the client and does not wait for it.
func (c *Conn) Notify(ctx context.Context, method string, params any) error {
	return c.outcome(method, c.rpc.Notify(ctx, method, params))
}

func (c *Conn) outcome(method string, err error) error {
	if errors.Is(err, jsonrpc2.ErrClosed) {
		err = ErrGone
	}
	if _, refused := errors.AsType[*jsonrpc2.Error](err); refused || err == nil {
		return wire.FromRPC(err)
	}
	return fmt.Errorf("calling the client's %s: %w", method, err)
}

// streamOf is a Conn's stream as jsonrpc2 reads it; closing it gives its room back.
type streamOf struct{ c *Conn }

func (s streamOf) ReadObject(v any) error  { return s.c.stream.ReadObject(v) }
func (s streamOf) WriteObject(v any) error { return s.c.stream.WriteObject(v) }

func (s streamOf) Close() error {
	err := s.c.stream.Close()
	s.c.server.connections.remove(s.c)
	return err
}

// dispatch starts the calls that a Conn reads.
type dispatch struct{ c *Conn }

// Handle implements [jsonrpc2.Handler]. It runs in the goroutine that reads,
// so that rpc is set before any call that uses it.
func (d dispatch) Handle(ctx context.Context, rpc *jsonrpc2.Conn, req *jsonrpc2.Request) {
	if req.Notif {
		return // no client tells the agent anything that is not a call
	}
	c := d.c
	c.rpc = rpc
	if refused := c.server.connections.begin(c); refused != nil {
		c.refuse(ctx, req, refused)
		return
	}
	go func() {
		defer c.server.connections.end(c)
		c.answer(ctx, req)
	}()
}

// answer runs the handler and replies.
func (c *Conn) answer(ctx context.Context, req *jsonrpc2.Request) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.server.calls, cancel)()
	result, err := c.run(ctx, req)
	if err == nil {
		err = c.rpc.Reply(ctx, req.ID, result)
	}
	switch {
	case err == nil || errors.Is(err, jsonrpc2.ErrClosed):
	case ctx.Err() != nil: // whatever the error is, this is why
		c.refuse(ctx, req, errcode.Bare(errcode.Stopping))
	default:
		c.refuse(ctx, req, c.server.refusal(req.Method, err))
	}
}

func (c *Conn) refuse(ctx context.Context, req *jsonrpc2.Request, why *errcode.Error) {
	err := c.rpc.ReplyWithError(ctx, req.ID, wire.ToRPC(why))
	if err != nil && !errors.Is(err, jsonrpc2.ErrClosed) {
		c.server.opts.Logger.Debug("cannot answer", "method", req.Method, "error", err)
	}
}

// run checks the envelope and calls the handler. A panic is an internal error
// of this call alone.
func (c *Conn) run(ctx context.Context, req *jsonrpc2.Request) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			c.server.opts.Logger.Error("panic", "method", req.Method, "panic", p, "stack", string(debug.Stack()))
			result, err = nil, errcode.Internal
		}
	}()
	var call wire.Call
	if req.Params == nil {
		return nil, errcode.Errorf(errcode.BadRequest, "%s: the call has no parameters", req.Method)
	}
	if err := json.Unmarshal(*req.Params, &call); err != nil {
		return nil, errcode.Errorf(errcode.BadRequest, "%s: the parameters are no envelope of version, client and params", req.Method)
	}
	if call.V != wire.Protocol && req.Method != wire.MethodStop {
		return nil, errcode.Errorf(errcode.Version, "mfad %s speaks protocol %d and the running agent %s speaks %d",
			call.Client, call.V, c.server.opts.Version, wire.Protocol)
	}
	return c.server.handler(ctx, c, call, req.Method)
}
