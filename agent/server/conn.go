package server

import (
	"container/list"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"sync"
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
	kin    func() (string, error)
	socket *net.UnixConn
	stream *wire.Stream
	rpc    *jsonrpc2.Conn  // set by the first request
	ears   context.Context // ends when the peer sends no more
	deafen context.CancelFunc

	unwritten sync.Mutex // held while a frame is written

	// Guarded by the mutex of connections.
	holder   *holder
	turn     uint64        // when it was used last
	calls    int           // that are not answered
	working  int           // of these, that have no answer yet
	answered bool          // a call has ended
	deaf     bool          // the peer sends no more
	silent   *list.Element // in connections.silent, while it is served and works on nothing
	rested   time.Time     // when it got there
}

// close ends the connection, read or not.
func (c *Conn) close() { _ = c.stream.Close() }

// Peer is the process that connected.
func (c *Conn) Peer() peer.Peer { return c.peer }

// Claim is what the peer said of itself when Claim was first called: reading
// it takes longer than most answers.
func (c *Conn) Claim() (peer.Claim, error) { return c.claim() }

// Lineage is what the peer belonged to when Lineage was first called; see
// [peer.Peer.Lineage].
func (c *Conn) Lineage() (string, error) { return c.kin() }

// Call calls the client back and waits for its answer, which is decoded into
// result. It returns the [*errcode.Error] that the client answered, an error that
// wraps [ErrGone] when the connection closes first, or the client has said that
// it sends no more; or ctx's when that ends first; the client then still works on
// the call, and the caller tells it otherwise if it wants to.
func (c *Conn) Call(ctx context.Context, method string, params, result any) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(c.ears, func() { cancel(ErrGone) })()
	err := c.rpc.Call(ctx, method, params, result)
	if err != nil && errors.Is(context.Cause(ctx), ErrGone) {
		err = jsonrpc2.ErrClosed
	}
	return c.outcome(method, err)
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
	turn := c.server.turns.take(c.peer.PID)
	go func() {
		defer turn.close()
		defer c.server.connections.end(c)
		c.answer(ctx, req)
	}()
	c.pause(turn)
}

// pause keeps who sends without end, and perhaps reads nothing, from filling our
// memory with calls: the next one is read when this is answered or waits for
// something, and no answer is being written. Others are read in between.
func (c *Conn) pause(turn *turn) {
	<-turn.over
	c.unwritten.Lock()
	defer c.unwritten.Unlock()
}

// answer runs the handler and replies.
func (c *Conn) answer(ctx context.Context, req *jsonrpc2.Request) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.server.calls, cancel)()
	result, err := c.run(ctx, req)
	c.server.connections.worked(c)
	if err == nil {
		err = c.rpc.Reply(ctx, req.ID, result)
	}
	switch {
	case err == nil || left(err):
	case ctx.Err() != nil: // whatever the error is, this is why
		c.refuse(ctx, req, errcode.Bare(errcode.Stopping))
	default:
		c.refuse(ctx, req, c.server.refusal(req.Method, err))
	}
}

func (c *Conn) refuse(ctx context.Context, req *jsonrpc2.Request, why *errcode.Error) {
	err := c.rpc.ReplyWithError(ctx, req.ID, wire.ToRPC(why))
	if err != nil && !left(err) {
		c.server.opts.Logger.Debug("cannot answer", "method", req.Method, "error", err)
	}
}

// left tells that an answer could not be written because the peer has gone, or does
// not read: that is its own affair.
func left(err error) bool {
	_, network := errors.AsType[*net.OpError](err)
	return network || errors.Is(err, jsonrpc2.ErrClosed)
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
	if req.Method == wire.MethodPing {
		return nil, nil
	}
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
