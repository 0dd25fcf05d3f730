// Package server is the agent's end of the socket: exactly one agent on it,
// peers of our own user only, bounds on connections, frames and calls, and
// calls both ways over JSON-RPC 2.0.
//
// It knows no method: package agent answers them. It does not decide who may
// do what beyond the peer's user.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/mfad/mfad/agent/peer"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
)

// Handler answers one call. Its ctx ends when the connection closes, or when
// the server stops and the call had its grace. It may call back over c while
// it runs. The result is marshalled to JSON; nil is null. An error that is or
// wraps a [*errcode.Error] crosses the socket as it is; of any other the client
// sees "internal error", and the log the rest.
type Handler func(ctx context.Context, c *Conn, call wire.Call, method string) (result any, err error)

// Options of [Serve]. The zero value serves with the defaults.
type Options struct {
	// Logger gets what a person may want to know later. Nil discards.
	Logger *slog.Logger
	// Version is our own, for the error that a client of another protocol gets.
	Version string
	// Grace is how long calls may run on after ctx has ended; 0 is 5 seconds.
	Grace time.Duration
	// OnCount, if set, is told the number of connections whenever it changes. It
	// must neither wait nor call back.
	OnCount func(connections int)
}

type server struct {
	handler     Handler
	opts        Options
	connections *connections
	turns       *turns
	calls       context.Context // ends the calls
	conns       context.Context // then ends the connections
	quiet       jsonrpc2.Logger

	starved, strangers seldom // what the log is told of
}

// Serve accepts connections until ctx ends, then closes ln, refuses new calls
// with [errcode.Stopping], lets those that run end within the grace time,
// cancels the rest, waits for their handlers, closes the connections, and
// returns nil. It returns an error only if ln fails by itself.
func Serve(ctx context.Context, ln net.Listener, h Handler, o Options) error {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Grace == 0 {
		o.Grace = 5 * time.Second
	}
	conns, closeAll := context.WithCancel(context.WithoutCancel(ctx))
	defer closeAll()
	calls, endCalls := context.WithCancel(conns)
	defer endCalls()
	s := &server{handler: h, opts: o, calls: calls, conns: conns, turns: newTurns()}
	s.connections = newConnections(boundsFor(descriptors()), o.OnCount, s.start)
	s.quiet = slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug)

	stop := context.AfterFunc(ctx, func() {
		s.connections.stop()
		_ = ln.Close()
	})
	defer stop()
	err := s.accept(ctx, ln)
	_ = ln.Close()
	idle := s.connections.stop()
	select {
	case <-idle:
	case <-time.After(o.Grace):
		o.Logger.Warn("ending calls that outlived the grace time")
		endCalls()
		<-idle
	}
	return err
}

// accept takes connections in until ctx ends or ln fails.
func (s *server) accept(ctx context.Context, ln net.Listener) error {
	for {
		conn, err := ln.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = conn.Close()
			}
			return nil
		case exhausted(err):
			// No descriptor is free: take one back, or wait for one.
			s.starved.say(func(times int) { s.opts.Logger.Warn("out of descriptors", "error", err, "times", times) })
			s.connections.evict()
			pause(ctx, 10*time.Millisecond)
		case err != nil:
			return fmt.Errorf("accepting connections: %w", err)
		default:
			s.admit(conn)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// admit serves a connection of our own user when there is room for it. It waits for
// nobody.
func (s *server) admit(conn net.Conn) {
	unix, ok := conn.(*net.UnixConn)
	if !ok {
		_ = conn.Close()
		return
	}
	who, err := peer.Of(unix)
	if err != nil || !who.Ours() {
		s.strangers.say(func(times int) {
			s.opts.Logger.Warn("refused a connection", "uid", who.UID, "pid", who.PID, "error", err, "times", times)
		})
		_ = conn.Close()
		return
	}
	if err := unix.SetWriteBuffer(unread); err != nil {
		_ = conn.Close()
		return
	}
	c := &Conn{
		server: s, peer: who, claim: sync.OnceValues(who.Describe), kin: sync.OnceValues(who.Lineage),
		socket: unix, stream: wire.NewStream(unix, wire.AgentLimits),
	}
	c.ears, c.deafen = context.WithCancel(context.Background())
	s.connections.admit(c)
}

// start begins to read from a connection that counts.
func (s *server) start(c *Conn) {
	jsonrpc2.NewConn(s.conns, streamOf{c}, dispatch{c}, jsonrpc2.SetLogger(s.quiet))
}

// refusal is what the client sees of a handler's error.
func (s *server) refusal(method string, err error) *errcode.Error {
	if own, ok := errors.AsType[*errcode.Error](err); ok {
		return own
	}
	s.opts.Logger.Error("internal error", "method", method, "error", err)
	return errcode.Bare(errcode.Internal)
}
