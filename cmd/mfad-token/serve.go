//go:build cgo && (linux || darwin)

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/piv"
)

// unwinding is how long a call may go on when the agent wants no more: until the
// token has stopped to wait for a touch, and what was put on it is off again. The
// agent may be less patient.
const unwinding = 25 * time.Second

// serve serves one connection until its input ends.
func serve(ctx context.Context, stdin io.ReadCloser, stdout io.WriteCloser, devices []string) {
	s := &server{devices: devices}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn := jsonrpc2.NewConn(ctx, token.NewStream(streams{stdin, stdout}), s, jsonrpc2.SetLogger(silent{}))
	<-conn.DisconnectNotify()
	cancel()
	late := time.After(unwinding)
	select {
	case <-s.idle():
	case <-late:
		return
	}
	select {
	case <-piv.Idle():
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

// server runs one call at a time.
type server struct {
	devices []string

	mu      sync.Mutex
	running chan struct{} // closed when the call is over; nil: there was none
}

// idle is closed when no call runs.
func (s *server) idle() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == nil {
		s.running = make(chan struct{})
		close(s.running)
	}
	return s.running
}

// begin makes room for a call, unless one runs.
func (s *server) begin() (end func(), ok bool) {
	select {
	case <-s.idle():
	default:
		return nil, false
	}
	running := make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = running
	return func() { close(running) }, true
}

// Handle implements [jsonrpc2.Handler]. It is called by one goroutine.
func (s *server) Handle(ctx context.Context, conn *jsonrpc2.Conn, req *jsonrpc2.Request) {
	if req.Notif {
		return // the agent tells nothing that is not a call
	}
	end, ok := s.begin()
	if !ok {
		refuse(ctx, conn, req, fmt.Errorf("%w: it does one thing at a time", token.ErrHelper))
		return
	}
	go func() {
		defer end()
		d := &desk{person: &caller{conn}, devices: s.devices}
		result, err := d.do(ctx, req)
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

// do runs the method that a request names.
func (d *desk) do(ctx context.Context, req *jsonrpc2.Request) (any, error) {
	var params json.RawMessage
	if req.Params != nil {
		params = *req.Params
	}
	defer clear(params)
	method, known := methods[req.Method]
	if !known {
		return nil, fmt.Errorf("%w: it knows no %s: it is older than the agent", token.ErrHelper, req.Method)
	}
	return method(ctx, d, params)
}

// method runs one method on parameters as they came.
type method func(ctx context.Context, d *desk, params json.RawMessage) (any, error)

// of makes a method of a function.
func of[P, R any](f func(*desk, context.Context, P) (R, error)) method {
	return func(ctx context.Context, d *desk, params json.RawMessage) (any, error) {
		var p P
		strict := json.NewDecoder(bytes.NewReader(params))
		strict.DisallowUnknownFields()
		if strict.Decode(&p) != nil || strict.More() {
			return nil, fmt.Errorf("%w: the parameters are not those of this version", token.ErrHelper)
		}
		return f(d, ctx, p)
	}
}

var methods = map[string]method{
	token.MethodList:        of((*desk).list),
	token.MethodOATHCode:    of((*desk).oathCode),
	token.MethodOATHDay:     of((*desk).oathDay),
	token.MethodOATHPut:     of((*desk).oathPut),
	token.MethodOATHDelete:  of((*desk).oathDelete),
	token.MethodOATHAccess:  of((*desk).oathAccess),
	token.MethodOATHProtect: of((*desk).oathProtect),
	token.MethodMakeKey:     of((*desk).makeKey),
	token.MethodWrap:        of((*desk).wrap),
	token.MethodUnwrap:      of((*desk).unwrap),
	token.MethodWatch:       of((*desk).watch),
}
