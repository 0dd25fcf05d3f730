package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
)

// Call calls the agent and decodes its answer into result, which may be nil.
// While it waits, the agent may ask through the Prompter; when Call returns,
// every prompt has. It returns the [*errcode.Error] with which the agent refused;
// [ErrAgentGone]; a [*HungError]; [ErrNoProtocol]; or the cause of ctx's end. But
// for a refusal the connection is closed then, which withdraws the call.
//
// A call that the agent has not taken, because it ended or was crowded, is made
// again, over a new connection and to a new agent if need be; and so is one that
// bears it ([wire.Repeatable]), a few times.
func (c *Client) Call(ctx context.Context, method string, params, result any) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.turn:
	}
	defer func() { c.turn <- struct{}{} }()
	if c.broken {
		return ErrAgentGone
	}
	var tries tries
	for {
		err := c.callOnce(ctx, method, params, result)
		if err == nil || !tries.again(ctx, c, method, err) {
			return c.explain(ctx, method, err)
		}
	}
}

// callOnce makes a call over the connection that there is.
func (c *Client) callOnce(ctx context.Context, method string, params, result any) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// Both ends see the connection close, wherever they are.
	conn := c.conn
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	defer c.watch(method, cancel)()
	c.heard = false
	answer, err := c.exchange(ctx, method, params)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return err
	}
	defer clear(answer.Result) // it may hold a secret
	switch {
	case answer.Error != nil:
		return answer.Error
	case result == nil:
		return nil
	}
	if err := json.Unmarshal(answer.Result, result); err != nil {
		return fmt.Errorf("reading the agent's answer to %s: %w", method, err)
	}
	return nil
}

// exchange sends the request and serves the agent's calls until the answer is
// there.
func (c *Client) exchange(ctx context.Context, method string, params any) (*wire.Message, error) {
	call := wire.Call{V: wire.Protocol, Client: c.options.Version, TTY: c.options.Prompter != nil, Proof: c.options.Proof}
	if !call.TTY {
		call.Desktop = desktop(os.Getenv)
	}
	if err := marshal(params, &call.Params); err != nil {
		return nil, err
	}
	defer clear(call.Params)
	c.calls++
	request := wire.Message{Version: "2.0", ID: strconv.AppendInt(nil, int64(c.calls), 10), Method: method}
	if err := marshal(call, &request.Params); err != nil {
		return nil, err
	}
	defer clear(request.Params)
	if err := c.stream.WriteObject(&request); err != nil {
		c.broken = !errors.Is(err, wire.ErrFrameTooLong)
		return nil, err
	}
	prompts := prompts{prompter: c.options.Prompter, warn: c.options.Warn, stream: c.stream}
	defer prompts.end()
	for {
		var m wire.Message
		err := c.stream.ReadObject(&m)
		c.heard = c.heard || err == nil && m.Method != wire.MethodPromptNotice
		switch {
		case err != nil:
			c.broken = true
			return nil, err
		case m.Method != "":
			prompts.take(ctx, &m)
		case string(m.ID) == string(request.ID):
			return &m, nil
		case !c.givenUp(m.ID):
			c.broken = true
			return nil, ErrNoProtocol
		}
	}
}

// givenUp tells that an id is that of a call that an earlier error of ours has
// given up.
func (c *Client) givenUp(id []byte) bool {
	n, err := strconv.Atoi(string(id))
	return err == nil && 0 < n && n < c.calls
}

// marshal makes JSON of v; nil stays nothing.
func marshal(v any, into *json.RawMessage) (err error) {
	if v != nil {
		*into, err = json.Marshal(v)
	}
	return err
}

// explain says which of Call's errors err is, and closes what is of no use.
func (c *Client) explain(ctx context.Context, method string, err error) error {
	if c.broken {
		_ = c.conn.Close()
	}
	var refusal *errcode.Error
	var hung *HungError
	var syntax *json.SyntaxError
	var shape *json.UnmarshalTypeError
	switch {
	case err == nil, errors.As(err, &refusal), errors.As(err, &hung):
		return err
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, wire.ErrFrameTooLong) && !c.broken:
		return errcode.Errorf(errcode.BadRequest, "the request %s is longer than %d bytes", method, wire.MaxFrame)
	case gone(err):
		return ErrAgentGone
	case c.broken && (errors.Is(err, ErrNoProtocol) || errors.Is(err, wire.ErrFrameTooLong) ||
		errors.As(err, &syntax) || errors.As(err, &shape)):
		return fmt.Errorf("%w (%s, pid %d)", ErrNoProtocol, c.socket, c.pid)
	}
	return fmt.Errorf("calling the agent's %s: %w", method, err)
}

// gone tells whether err says that the connection is closed.
func gone(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || reset(err)
}
