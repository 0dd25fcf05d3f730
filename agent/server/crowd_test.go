//go:build unix

package server_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/mfad/mfad/agent/server"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/proctest"
)

// An agent in a process of its own, crowded by one of its own; we are honest.
func crowded(t *testing.T, roles ...string) (path string) {
	t.Helper()
	path = proctest.Folder(t) + "/agent.sock"
	spawn(t, "agent", path, nil).line()
	for _, role := range roles {
		if line := spawn(t, role, path, nil).line(); line != "crowding" {
			t.Fatalf("%s says %q", role, line)
		}
	}
	return path
}

// honest makes calls over connections of their own, each of which must succeed.
func honest(t *testing.T, path string) {
	t.Helper()
	for range 20 {
		c := dial(t, path)
		c.call("1", "m")
		if m := c.read(); m.Error != nil {
			t.Fatal(m.Error)
		}
		_ = c.conn.Close()
	}
}

func TestCallsThatNeverEndShutNobodyOut(t *testing.T) {
	honest(t, crowded(t, "hang", "hang", "hang", "hang", "hang"))
}

func TestPeersThatReadNoAnswerShutNobodyOut(t *testing.T) {
	honest(t, crowded(t, "mute", "mute", "mute", "mute", "mute"))
}

func TestFramesThatNeverEndShutNobodyOut(t *testing.T) {
	honest(t, crowded(t, "loris", "loris", "loris", "loris", "loris"))
}

func TestManyProcessesWithAFewConnectionsShutNobodyOut(t *testing.T) {
	roles := make([]string, 40)
	for i := range roles {
		roles[i] = "few"
	}
	honest(t, crowded(t, roles...))
}

// Who works on a call is not silent, whoever else comes.
func TestFloodEndsNoCallOfOthers(t *testing.T) {
	path := crowded(t)
	var held []*raw
	for range 3 {
		c := dial(t, path)
		c.call("1", "hang")
		held = append(held, c)
	}
	for range 5 {
		if line := spawn(t, "flood", path, nil).line(); line != "connected: 1143" {
			t.Fatal(line)
		}
	}
	honest(t, path)
	for i, c := range held {
		c.call("2", "m")
		if m := c.read(); m.Error != nil || string(m.ID) != "2" {
			t.Errorf("call %d: %v", i, m.Error)
		}
	}
}

// beCrowd fills its share of the agent in the way that the role says.
func beCrowd(role, path string) error {
	const request = `{"jsonrpc":"2.0","id":1,"method":"m","params":{"v":2,"client":"1.2"}}` + "\n"
	shares := map[string]struct {
		connections int
		say         string
	}{
		"hang":  {64, strings.Replace(request, `"m"`, `"hang"`, 1)},
		"mute":  {64, strings.Repeat(strings.Replace(request, `"m"`, `"long"`, 1), 4)},
		"loris": {100, `{"jsonrpc":"2.0",`},
		"few":   {50, ""},
	}
	var conns []net.Conn
	for range shares[role].connections {
		conn, err := dialInTurn(path)
		if err != nil {
			return err
		}
		_, _ = conn.Write([]byte(shares[role].say)) // the agent may have closed it by now
		conns = append(conns, conn)
	}
	_, _ = os.Stdout.WriteString("crowding\n")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	for _, conn := range conns {
		_ = conn.Close()
	}
	return nil
}

// What `nc -N` does: the request, then the end of all requests.
func TestPeerThatHalfClosesGetsItsAnswers(t *testing.T) {
	release := make(chan struct{})
	a := serve(t, func(context.Context, *server.Conn, wire.Call, string) (any, error) {
		<-release
		return "late", nil
	}, server.Options{})
	c := dial(t, a.path)
	c.call("1", "m")
	c.call("2", "m")
	if err := c.conn.(*net.UnixConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	close(release)
	for range 2 {
		if m := c.read(); string(m.Result) != `"late"` {
			t.Errorf("got %s, %v", m.Result, m.Error)
		}
	}
	c.closed()
}

func TestPeerThatHalfClosesAndGoesEndsItsCall(t *testing.T) {
	running, ended := make(chan struct{}), make(chan struct{})
	a := serve(t, func(ctx context.Context, _ *server.Conn, _ wire.Call, _ string) (any, error) {
		close(running)
		<-ctx.Done()
		close(ended)
		return nil, ctx.Err()
	}, server.Options{})
	c := dial(t, a.path)
	c.call("1", "m")
	<-running
	if err := c.conn.(*net.UnixConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if err := c.conn.Close(); err != nil {
		t.Fatal(err)
	}
	<-ended
}

func TestPeerThatHalfClosesIsAskedNothing(t *testing.T) {
	a := serve(t, func(ctx context.Context, c *server.Conn, _ wire.Call, _ string) (any, error) {
		return errors.Is(c.Call(ctx, wire.MethodPromptAsk, wire.PromptParams{}, nil), server.ErrGone), nil
	}, server.Options{})
	c := dial(t, a.path)
	c.call("1", "m")
	if m := c.read(); m.Method != wire.MethodPromptAsk {
		t.Fatalf("got %+v", m)
	}
	if err := c.conn.(*net.UnixConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if m := c.read(); string(m.Result) != "true" {
		t.Errorf("got %s, %v", m.Result, m.Error)
	}
}

// A process that may have few descriptors keeps some of them.
func TestFloodLeavesDescriptors(t *testing.T) {
	path := proctest.Folder(t) + "/agent.sock"
	p := spawn(t, "few descriptors", path, nil)
	p.line()
	for range 6 {
		if line := spawn(t, "few", path, nil).line(); line != "crowding" {
			t.Fatal(line)
		}
	}
	c := dial(t, path)
	c.call("1", "files")
	if m := c.read(); string(m.Result) != "20" {
		t.Errorf("of 20 files could be opened: %s, %v", m.Result, m.Error)
	}
}
