// Package serve is the service of a program that touches tokens: it answers the
// calls of a [token.Helper] over the program's standard streams, and puts what a
// token needs to the person at the other end.
//
// Which keys there are is for the program to say: it has a [Driver] for each
// kind, and mfad-token's stand in a row in cmd/mfad-token/drivers.go. Age's plugin
// goes over the same [Drivers], without the service. Everything else that a program can do is a [Method] of its own. The
// package itself touches no hardware, links no C, and keeps nothing.
//
// A program serves one connection, whose end is the end of the program, and one
// call at a time. It is started for a call and ends after it, so that a crash, a
// hung call or a PIN left in C's memory is nobody else's.
package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/mfad/mfad/internal/params"
	"github.com/mfad/mfad/token"
)

// Service is what a program can do. Its fields are set before it serves.
type Service struct {
	// Drivers are one for each kind of key.
	Drivers Drivers
	// Lists look for what is plugged in. They run side by side, and their answers
	// stand in the order of the lists.
	Lists []List
	// Methods are what can be called beside what the drivers and lists are for.
	Methods map[string]Method
	// Idle returns what is closed when no token is at work any more that a call
	// has left to itself; nil: no call does that.
	Idle func() <-chan struct{}
}

// A List tells what is plugged in, without a question to anybody. It calls alive
// after each thing that it has read, so that a hung token is told from a slow
// one.
type List func(ctx context.Context, p token.ListParams, alive func()) token.Listing

// A Method answers a call, and may ask the person. See [Bind].
type Method = params.Method[token.Person]

// Bind makes a method of a function that has the form of a call of [token.Helper].
func Bind[P, R any](f func(context.Context, P, token.Person) (R, error)) Method {
	return params.Bind(func(ctx context.Context, person token.Person, p P) (R, error) { return f(ctx, p, person) })
}

// unwinding is how long a call may go on when the agent wants no more: until the
// token has stopped to wait for a touch, and what was put on it is off again. The
// agent may be less patient.
const unwinding = token.TouchLimit + 5*time.Second

// Serve serves one connection until its input ends, and returns when nothing of
// it is left, or after a time. It closes in.
func (s *Service) Serve(ctx context.Context, in io.ReadCloser, out io.WriteCloser) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := &connection{service: s}
	conn := jsonrpc2.NewConn(ctx, token.NewStream(streams{in, out}), c, jsonrpc2.SetLogger(silent{}))
	<-conn.DisconnectNotify()
	cancel()
	late := time.After(unwinding)
	select {
	case <-c.idle():
	case <-late:
		return
	}
	if s.Idle == nil {
		return
	}
	select {
	case <-s.Idle():
	case <-late:
	}
}

// streams are the standard ones as one.
type streams struct {
	io.ReadCloser
	out io.WriteCloser
}

func (s streams) Write(p []byte) (int, error) { return s.out.Write(p) }

// Close leaves the output open: who waits for its end sees that of the process.
func (s streams) Close() error { return s.ReadCloser.Close() }

// silent logs nothing: standard error is for what matters.
type silent struct{}

func (silent) Printf(string, ...any) {}

// connection runs one call at a time.
type connection struct {
	service *Service

	mu      sync.Mutex
	running chan struct{} // closed when the call is over; nil: there was none
}

// idle is closed when no call runs.
func (c *connection) idle() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running == nil {
		c.running = make(chan struct{})
		close(c.running)
	}
	return c.running
}

// begin makes room for a call, unless one runs.
func (c *connection) begin() (end func(), ok bool) {
	select {
	case <-c.idle():
	default:
		return nil, false
	}
	running := make(chan struct{})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running = running
	return func() { close(running) }, true
}

// Handle implements [jsonrpc2.Handler]. It is called by one goroutine.
func (c *connection) Handle(ctx context.Context, conn *jsonrpc2.Conn, req *jsonrpc2.Request) {
	if req.Notif {
		return // the agent tells nothing that is not a call
	}
	end, ok := c.begin()
	if !ok {
		refuse(ctx, conn, req, fmt.Errorf("%w: it does one thing at a time", token.ErrHelper))
		return
	}
	go func() {
		defer end()
		result, err := c.service.answer(ctx, &caller{conn}, req)
		if err != nil {
			refuse(ctx, conn, req, err)
			return
		}
		_ = conn.Reply(ctx, req.ID, result) // whoever has gone does not miss it
	}()
}

func refuse(ctx context.Context, conn *jsonrpc2.Conn, req *jsonrpc2.Request, why error) {
	_ = conn.ReplyWithError(ctx, req.ID, token.ToRPC(why))
}

// errUnlike: agent and program are of two versions.
var errUnlike = fmt.Errorf("%w: the parameters are not those of this version", token.ErrHelper)

// answer runs the method that a request names.
func (s *Service) answer(ctx context.Context, c *caller, req *jsonrpc2.Request) (any, error) {
	method, known := s.methods(c)[req.Method]
	if !known {
		method, known = s.Methods[req.Method]
	}
	switch {
	case !known:
		return nil, fmt.Errorf("%w: it knows no %s: it is older than the agent", token.ErrHelper, req.Method)
	case req.Params == nil: // all methods have some
		return nil, errUnlike
	}
	raw := *req.Params
	defer clear(raw)
	result, err := method(ctx, c, raw)
	if _, unlike := errors.AsType[*params.Error](err); unlike {
		return nil, errUnlike
	}
	return result, err
}

// methods are those that every program has.
func (s *Service) methods(c *caller) map[string]Method {
	return map[string]Method{
		token.MethodList: Bind(func(ctx context.Context, p token.ListParams, _ token.Person) (token.Listing, error) {
			return s.list(ctx, p, func() { c.alive(ctx) }), nil
		}),
		token.MethodMakeKey: Bind(s.Drivers.MakeKey),
		token.MethodWrap: Bind(func(ctx context.Context, p token.WrapParams, person token.Person) (token.WrapResult, error) {
			defer clear(p.FileKey)
			return s.Drivers.Wrap(ctx, p, person)
		}),
		token.MethodUnwrap: Bind(s.Drivers.Unwrap),
		token.MethodWatch: Bind(func(ctx context.Context, p token.WatchParams, _ token.Person) (token.Gone, error) {
			return token.Gone{}, s.Drivers.Watch(ctx, p)
		}),
	}
}

// list joins what the lists tell.
func (s *Service) list(ctx context.Context, p token.ListParams, alive func()) token.Listing {
	parts := make([]token.Listing, len(s.Lists))
	var all sync.WaitGroup
	for i, list := range s.Lists {
		all.Go(func() { parts[i] = list(ctx, p, alive) })
	}
	all.Wait()
	whole := token.Listing{Tokens: []token.Token{}}
	for _, part := range parts {
		whole.Tokens = append(whole.Tokens, part.Tokens...)
		whole.Faults = append(whole.Faults, part.Faults...)
	}
	return whole
}
