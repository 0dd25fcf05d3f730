package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mfad/mfad/agent/server"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
	"github.com/mfad/mfad/internal/proctest"
)

// agent serves h until stop, or the test's end, and tells what Serve returned.
type agent struct {
	path string
	stop context.CancelFunc
	done chan error
	log  *lockedBuffer
}

func serve(t testing.TB, h server.Handler, o server.Options) *agent {
	t.Helper()
	a := &agent{path: filepath.Join(proctest.Folder(t), "agent.sock"), done: make(chan error, 1), log: new(lockedBuffer)}
	ln, err := server.Listen(a.path)
	if err != nil {
		t.Fatal(err)
	}
	o.Logger = slog.New(slog.NewTextHandler(a.log, nil))
	ctx, stop := context.WithCancel(context.Background())
	a.stop = stop
	go func() { a.done <- server.Serve(ctx, ln, h, o) }()
	t.Cleanup(func() {
		stop()
		if err := <-a.done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if err := ln.Release(); err != nil {
			t.Errorf("Release: %v", err)
		}
	})
	return a
}

// wait is what Serve returned; the test's end sees it again.
func (a *agent) wait(t *testing.T) {
	t.Helper()
	select {
	case err := <-a.done:
		a.done <- err
	case <-time.After(20 * time.Second):
		t.Fatal("Serve does not return")
	}
}

// closing waits until the agent has seen that it is to stop.
func (a *agent) closing(t *testing.T) {
	t.Helper()
	for {
		conn, err := net.Dial("unix", a.path)
		if err != nil {
			return
		}
		_ = conn.Close()
	}
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// raw is a client that says exactly what it is told.
type raw struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
}

func dial(t testing.TB, path string) *raw {
	t.Helper()
	conn, err := dialInTurn(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &raw{t, conn, bufio.NewReader(conn)}
}

func (c *raw) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, text); err != nil {
		c.t.Fatal(err)
	}
}

func (c *raw) call(id, method string) {
	c.t.Helper()
	c.send(`{"jsonrpc":"2.0","id":` + id + `,"method":"` + method + `","params":{"v":2,"client":"1.2"}}` + "\n")
}

// message is any JSON-RPC object.
type message struct {
	ID     json.RawMessage
	Method string
	Params json.RawMessage
	Result json.RawMessage
	Error  *errcode.Error
}

func (c *raw) read() message {
	c.t.Helper()
	line, err := c.r.ReadBytes('\n')
	if err != nil {
		c.t.Fatalf("reading an answer: %v", err)
	}
	var m message
	if err := json.Unmarshal(line, &m); err != nil {
		c.t.Fatalf("reading %q: %v", line, err)
	}
	return m
}

// closed waits until the agent closes the connection, without a word.
func (c *raw) closed() {
	c.t.Helper()
	line, err := c.r.ReadString('\n')
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("got %q, %v, not the connection's end", line, err)
	}
}

func echo(_ context.Context, _ *server.Conn, call wire.Call, method string) (any, error) {
	return map[string]any{"method": method, "client": call.Client, "params": call.Params}, nil
}

func TestServeAnswersACall(t *testing.T) {
	c := dial(t, serve(t, echo, server.Options{}).path)
	c.send(`{"jsonrpc":"2.0","id":7,"method":"m","params":{"v":2,"client":"1.2","tty":true,"params":{"a":[1]}}}` + "\n")
	m := c.read()
	if string(m.ID) != "7" || m.Error != nil || string(m.Result) != `{"client":"1.2","method":"m","params":{"a":[1]}}` {
		t.Errorf("got %+v %s", m, m.Result)
	}
}

func TestServeRefuses(t *testing.T) {
	a := serve(t, func(_ context.Context, _ *server.Conn, _ wire.Call, method string) (any, error) {
		switch method {
		case "own":
			return nil, errcode.Errorf(errcode.NoProfile, "no profile %q", "x")
		case "wrapped":
			return nil, errors.Join(errors.New("more"), errcode.Bare(errcode.VaultLocked))
		case "panic":
			panic("a bug")
		case "long":
			return strings.Repeat("x", wire.MaxAnswer), nil
		case "odd":
			return make(chan int), nil
		}
		return nil, errors.New("something with a path in it")
	}, server.Options{Version: "1.0"})
	const envelope = `{"v":2,"client":"1.2"}`
	for _, row := range []struct {
		method, params string
		code           errcode.Code
		text           string
	}{
		{"own", envelope, errcode.NoProfile, `no profile "x"`},
		{"wrapped", envelope, errcode.VaultLocked, "vault is locked"},
		{"panic", envelope, errcode.Internal, "internal error"},
		{"other", envelope, errcode.Internal, "internal error"},
		{"long", envelope, errcode.Internal, "internal error"},
		{"odd", envelope, errcode.Internal, "internal error"},
		{"m", `{"v":3,"client":"9.0"}`, errcode.Version, "mfad 9.0 speaks protocol 3 and the running agent 1.0 speaks 2"},
		{"m", `{}`, errcode.Version, "mfad  speaks protocol 0 and the running agent 1.0 speaks 2"},
		{wire.MethodStop, `{"v":2,"client":"9.0"}`, errcode.Internal, "internal error"}, // it got to the handler
		{"m", `[1]`, errcode.BadRequest, "m: the parameters are no envelope of version, client and params"},
		{"m", ``, errcode.BadRequest, "m: the call has no parameters"},
	} {
		t.Run(row.method+row.params, func(t *testing.T) {
			c := dial(t, a.path)
			params := ""
			if row.params != "" {
				params = `,"params":` + row.params
			}
			c.send(`{"jsonrpc":"2.0","id":1,"method":"` + row.method + `"` + params + "}\n")
			m := c.read()
			if !errors.Is(m.Error, row.code) || m.Error.Message != row.text {
				t.Errorf("got %+v", m.Error)
			}
		})
	}
	for _, want := range []string{"something with a path in it", "a bug", "server_test.go"} {
		if !strings.Contains(a.log.String(), want) {
			t.Errorf("the log lacks %q", want)
		}
	}
}

func TestServeClosesWhatIsNoProtocol(t *testing.T) {
	a := serve(t, echo, server.Options{})
	for name, text := range map[string]string{"no JSON": "GET / HTTP/1.1\n", "empty line": "\n", "half a frame": "{\n"} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, a.path)
			c.send(text)
			if m := c.read(); m.Error == nil || m.Error.Code != -32700 || string(m.ID) != "null" {
				t.Errorf("got %s %v", m.ID, m.Error)
			}
			c.closed()
		})
	}
	c := dial(t, a.path)
	_, _ = io.WriteString(c.conn, `{"jsonrpc":"2.0","id":1,"method":"`+strings.Repeat("x", wire.MaxFrame)+"\"}\n") // it may close before all is out
	c.closed()
}

// The words are JSON-RPC 2.0's, part 5.1, and the connection goes on.
func TestServeAnswersWhatIsNoRequest(t *testing.T) {
	c := dial(t, serve(t, echo, server.Options{}).path)
	for _, text := range []string{
		"[]", "{}", "1", `"a"`, "null", `{"jsonrpc":"2.0","id":1}`, `{"id":1,"method":2}`,
		`[{"jsonrpc":"2.0","id":1,"method":"m"},{"jsonrpc":"2.0","id":2,"method":"m"}]`,
		`{"jsonrpc":"2.0","id":[1],"method":"m"}`, `{"jsonrpc":"2.0","id":{},"method":"m"}`, `{"jsonrpc":"2.0","id":true,"method":"m"}`,
	} {
		c.send(text + "\n")
		if m := c.read(); m.Error == nil || m.Error.Code != -32600 || string(m.ID) != "null" {
			t.Errorf("%s: got %s %v", text, m.ID, m.Error)
		}
	}
	c.call("1", "m")
	if m := c.read(); m.Error != nil || string(m.ID) != "1" {
		t.Errorf("afterwards: %v", m.Error)
	}
}

func TestServeGivesIDsBackAsTheyCame(t *testing.T) {
	c := dial(t, serve(t, echo, server.Options{}).path)
	for _, id := range []string{
		"0", "1", "-1", "1.5", "-0.25e-3", "1e400", "9007199254740993", "9223372036854775807", "18446744073709551616",
		strings.Repeat("9", 100), `"a"`, `"1"`, `""`, `"\"\\\u00e9<&>"`, "null",
	} {
		c.call(id, "m")
		if m := c.read(); m.Error != nil || !sameJSON(m.ID, id) {
			t.Errorf("id %s came back as %s, %v", id, m.ID, m.Error)
		}
		c.send(`{"id":` + id + `,"jsonrpc":"2.0","method":"m"}` + "\n") // without parameters: refused
		if m := c.read(); !errors.Is(m.Error, errcode.BadRequest) || !sameJSON(m.ID, id) {
			t.Errorf("id %s of a refused request came back as %s, %v", id, m.ID, m.Error)
		}
	}
	c.send(`{"jsonrpc":"2.0","method":"m","params":{"v":2,"client":"1.2"}}` + "\n") // a notification has no answer
	c.call("7", "m")
	if m := c.read(); string(m.ID) != "7" {
		t.Errorf("a notification was answered: %s", m.ID)
	}
}

// sameJSON compares texts, but for how a string is escaped. A missing id reads as null.
func sameJSON(got json.RawMessage, want string) bool {
	var a, b string
	if json.Unmarshal(got, &a) == nil && json.Unmarshal([]byte(want), &b) == nil && want[0] == '"' {
		return a == b
	}
	return string(got) == want
}

func TestHandlerCallsTheClientBack(t *testing.T) {
	a := serve(t, func(ctx context.Context, c *server.Conn, _ wire.Call, _ string) (any, error) {
		if err := c.Notify(ctx, wire.MethodPromptNotice, wire.PromptNoticeParams{Text: "soon"}); err != nil {
			return nil, err
		}
		var answer wire.PromptResult
		err := c.Call(ctx, wire.MethodPromptAsk, wire.PromptParams{ID: "a"}, &answer)
		return string(answer.Text), err
	}, server.Options{})
	c := dial(t, a.path)
	c.call("1", "m")
	if m := c.read(); m.Method != wire.MethodPromptNotice || m.ID != nil || !bytes.Contains(m.Params, []byte("soon")) {
		t.Errorf("first came %+v", m)
	}
	m := c.read()
	if m.Method != wire.MethodPromptAsk {
		t.Fatalf("then came %+v", m)
	}
	c.send(`{"jsonrpc":"2.0","id":` + string(m.ID) + `,"result":{"text":"MTIzNDU2"}}` + "\n")
	if m := c.read(); string(m.Result) != `"123456"` {
		t.Errorf("got %s, %v", m.Result, m.Error)
	}
	c.call("2", "m")
	c.read()
	m = c.read()
	c.send(`{"jsonrpc":"2.0","id":` + string(m.ID) + `,"error":{"code":20,"message":"dismissed"}}` + "\n")
	if m := c.read(); !errors.Is(m.Error, errcode.Dismissed) {
		t.Errorf("a refused callback became %v", m.Error)
	}
}

func TestClosedConnectionEndsItsCallsAndTheirCallbacks(t *testing.T) {
	ended := make(chan error, 2)
	a := serve(t, func(ctx context.Context, c *server.Conn, _ wire.Call, method string) (any, error) {
		if method == "callback" {
			ended <- c.Call(context.WithoutCancel(ctx), wire.MethodPromptAsk, wire.PromptParams{}, nil)
			return nil, nil
		}
		<-ctx.Done()
		ended <- server.ErrGone
		return nil, ctx.Err()
	}, server.Options{})
	c := dial(t, a.path)
	c.call("1", "wait")
	c.call("2", "callback")
	c.read()
	_ = c.conn.Close()
	for range 2 {
		select {
		case err := <-ended:
			if !errors.Is(err, server.ErrGone) {
				t.Errorf("got %v", err)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("a call outlives its connection")
		}
	}
}

func TestCallbackEndsWithItsContext(t *testing.T) {
	a := serve(t, func(ctx context.Context, c *server.Conn, _ wire.Call, _ string) (any, error) {
		short, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		err := c.Call(short, wire.MethodPromptAsk, wire.PromptParams{}, nil)
		return errors.Is(err, context.DeadlineExceeded), nil
	}, server.Options{})
	c := dial(t, a.path)
	c.call("1", "m")
	c.read()
	if m := c.read(); string(m.Result) != "true" {
		t.Errorf("got %s, %v", m.Result, m.Error)
	}
}

func TestCallsOnOneConnectionAreBounded(t *testing.T) {
	release := make(chan struct{})
	a := serve(t, func(context.Context, *server.Conn, wire.Call, string) (any, error) {
		<-release
		return nil, nil
	}, server.Options{})
	c := dial(t, a.path)
	for range 65 {
		c.call("1", "m")
	}
	if m := c.read(); !errors.Is(m.Error, errcode.Busy) {
		t.Errorf("the call too many got %+v", m)
	}
	close(release)
	for range 64 {
		if m := c.read(); m.Error != nil {
			t.Errorf("got %v", m.Error)
		}
	}
}

func TestStopLetsCallsEndAndRefusesNewOnes(t *testing.T) {
	running, release := make(chan struct{}), make(chan struct{})
	a := serve(t, func(context.Context, *server.Conn, wire.Call, string) (any, error) {
		close(running)
		<-release
		return "done", nil
	}, server.Options{Grace: time.Hour})
	c, idle := dial(t, a.path), dial(t, a.path)
	c.call("1", "m")
	<-running
	a.stop()
	a.closing(t)
	c.call("2", "m")
	if m := c.read(); string(m.ID) != "2" || !errors.Is(m.Error, errcode.Stopping) {
		t.Errorf("a new call got %+v", m)
	}
	if _, err := os.Stat(a.path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
	close(release)
	if m := c.read(); string(m.Result) != `"done"` {
		t.Errorf("the running call got %+v", m)
	}
	a.wait(t)
	c.closed()
	idle.closed()
}

func TestStopEndsCallsThatOutliveTheGraceTime(t *testing.T) {
	running := make(chan struct{})
	a := serve(t, func(ctx context.Context, _ *server.Conn, _ wire.Call, _ string) (any, error) {
		close(running)
		<-ctx.Done()
		return nil, ctx.Err()
	}, server.Options{Grace: time.Millisecond})
	c := dial(t, a.path)
	c.call("1", "m")
	<-running
	a.stop()
	if m := c.read(); !errors.Is(m.Error, errcode.Stopping) {
		t.Errorf("the call got %+v", m)
	}
	c.closed()
	a.wait(t)
}

func TestPeerIsTheCaller(t *testing.T) {
	a := serve(t, func(_ context.Context, c *server.Conn, _ wire.Call, _ string) (any, error) {
		return c.Peer().PID, nil
	}, server.Options{})
	c := dial(t, a.path)
	c.call("1", "m")
	var pid int
	if err := json.Unmarshal(c.read().Result, &pid); err != nil || pid != os.Getpid() {
		t.Errorf("got %d, %v", pid, err)
	}
}

// dialInTurn connects when the agent's queue has room.
func dialInTurn(path string) (net.Conn, error) {
	for {
		conn, err := net.Dial("unix", path)
		if !errors.Is(err, syscall.EAGAIN) {
			return conn, err
		}
		runtime.Gosched()
	}
}
