// Package client is a client's end of the agent's socket: it finds the agent,
// starts one if there is none, calls it, and lets it ask the person back.
//
// It is on the start-up path of every verb, so it looks nothing up, links
// little, and makes a call in the caller's own goroutine. The one question that
// runs on every aws command has a client of its own, package cached. It prints
// nothing and prompts only through the [human.Prompter] that it is given.
package client

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/human"
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
	// ErrNoProtocol says that what listens on the socket is no agent.
	ErrNoProtocol = errors.New("what listens on the agent's socket is no mfad-agent")
)

// Options of [Dial].
type Options struct {
	Socket string // the agent's socket, as wire.SocketPath says
	// Address is the file in which the agent that holds the vault says where it
	// listens (wire.AddressPath), for when nobody does on Socket. Empty: there alone.
	Address string
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
	Prompter human.Prompter
	// Warn tells the person what the agent warns of beside an answer; nil: nobody.
	Warn    func(text string)
	Version string // our own, for messages
	// Proof is the slot by which to prove what takes a proof: see [wire.Call].
	Proof string
}

// Client is a connection to the agent, which may close it when it is idle for
// long; the next call makes another then. Calls from several goroutines are made
// one after the other.
type Client struct {
	options Options
	turn    chan struct{} // holds one token: who may call

	// Guarded by turn.
	socket string
	pid    int
	stream *wire.Stream
	calls  int  // so far
	heard  bool // the agent has asked something since the call began, or answered
	broken bool // what comes next on the stream is not known

	mu     sync.Mutex // beside turn, where conn is set: Close does not wait for its turn
	conn   *net.UnixConn
	closed bool
}

// Dial connects to the agent. Unless the options say otherwise it starts an
// agent when there is none; of any number of callers at once, one does, and
// all wait until it listens, or until ctx ends. Folder, socket and process at
// the other end must belong to our own user. The error wraps [ErrNoAgent] or
// [ErrNotStarted] when that is the reason, and is a [*HungError] when an agent is
// there and takes nobody.
func Dial(ctx context.Context, o Options) (*Client, error) {
	first, err := reach(ctx, o)
	if err != nil {
		return nil, err
	}
	c := &Client{options: o, turn: make(chan struct{}, 1)}
	c.adopt(first)
	c.turn <- struct{}{}
	return c, nil
}

// Close closes the connection. A call that runs returns, and the agent drops
// what it does for it.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if err := c.conn.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
