// Package client is a client's end of the agent's socket: it finds the agent,
// starts one if there is none, calls it, and lets it ask the person back.
//
// It is on the start-up path of every aws command, so it looks nothing up and
// links little. It prints nothing and prompts only through the [Prompter] that
// it is given.
package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/mfad/mfad/agent/wire"
	"github.com/sourcegraph/jsonrpc2"
)

// The ways in which there is no agent to talk to.
var (
	// ErrNoAgent says that no agent runs, and none was to be started.
	ErrNoAgent = errors.New("the agent is not running")
	// ErrNotStarted says that an agent could not be started, and why.
	ErrNotStarted = errors.New("the agent could not be started")
	// ErrAgentGone says that the agent ended, or closed the connection, before
	// it answered. Whether the call took effect is not known.
	ErrAgentGone = errors.New("the agent went away before it answered")
)

// Deadline is how long a call may take if [Options.Deadline] does not say:
// less than the 60 s after which AWS's SDKs give up on a credential process.
const Deadline = 55 * time.Second

// Options of [Dial].
type Options struct {
	Socket string // the agent's socket, as wire.SocketPath says
	// Log is the file that a started agent's output goes to, in a folder that is
	// made if it is missing. Empty discards the output.
	Log string
	// Agent is the program to start; empty looks for mfad-agent beside our own
	// executable, then in PATH.
	Agent string
	// Env is a started agent's environment; nil is ours through [ScrubEnv].
	Env []string
	// NoStart makes Dial return ErrNoAgent instead of starting one.
	NoStart bool
	// Prompter asks the person; nil tells the agent that nobody can be asked.
	Prompter Prompter
	Version  string        // our own, for messages
	Deadline time.Duration // of each call; 0 is [Deadline], negative is none
}

// Client is a connection to the agent. Its methods may be used from several
// goroutines.
type Client struct {
	rpc     *jsonrpc2.Conn
	opts    Options
	prompts *prompts
}

// Dial connects to the agent. Unless the options say otherwise it starts an
// agent when there is none; of any number of callers at once, one does, and
// all wait until it listens, or until ctx ends. Folder, socket and process at
// the other end must belong to our own user. The error wraps [ErrNoAgent] or
// [ErrNotStarted] when that is the reason.
func Dial(ctx context.Context, o Options) (*Client, error) {
	conn, err := connect(ctx, o.Socket)
	if absent(err) {
		conn, err = summon(ctx, o)
	}
	if err != nil {
		return nil, err
	}
	return newClient(conn, o), nil
}

func newClient(conn *net.UnixConn, o Options) *Client {
	if o.Deadline == 0 {
		o.Deadline = Deadline
	}
	c := &Client{opts: o, prompts: newPrompts(o.Prompter)}
	c.rpc = jsonrpc2.NewConn(context.Background(), wire.NewStream(conn, wire.ClientLimits), c.prompts, jsonrpc2.SetLogger(silence{}))
	return c
}

// Call calls the agent and decodes its answer into result, which may be nil.
// While it waits, the agent may ask through the Prompter. It returns the
// [*wire.Error] with which the agent refused; an error that wraps
// [ErrAgentGone]; [wire.ErrTimeout] after the deadline; or ctx's error.
func (c *Client) Call(ctx context.Context, method string, params, result any) error {
	call := wire.Call{V: wire.Protocol, Client: c.opts.Version, TTY: c.opts.Prompter != nil}
	if params != nil {
		raw, err := json.Marshal(params)
		if err != nil {
			return fmt.Errorf("calling the agent's %s: %w", method, err)
		}
		call.Params = raw
		defer clear(raw) // it may hold a secret
	}
	limited := ctx
	if c.opts.Deadline > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, c.opts.Deadline)
		defer cancel()
	}
	err := c.rpc.Call(limited, method, call, result)
	if err == nil {
		return nil
	}
	return c.explain(ctx, limited, method, err)
}

// explain says which of Call's errors err is.
func (c *Client) explain(ctx, limited context.Context, method string, err error) error {
	if _, refused := errors.AsType[*jsonrpc2.Error](err); refused {
		return wire.FromRPC(err)
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case limited.Err() != nil:
		return wire.Errorf(wire.ErrTimeout, "the agent did not answer within %v", c.opts.Deadline)
	case errors.Is(err, wire.ErrFrameTooLong):
		return wire.Errorf(wire.ErrBadRequest, "the request is longer than %d bytes", wire.MaxFrame)
	case gone(err):
		return ErrAgentGone
	}
	return fmt.Errorf("calling the agent's %s: %w", method, err)
}

// Close closes the connection, which ends what the agent does for it, and
// withdraws open prompts; it returns when the terminal is as it was.
func (c *Client) Close() error {
	err := c.rpc.Close()
	c.prompts.close()
	if errors.Is(err, jsonrpc2.ErrClosed) {
		return nil // the agent was faster
	}
	return err
}

// silence discards what jsonrpc2 logs: the caller gets it as an error.
type silence struct{}

func (silence) Printf(string, ...any) {}
