package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mfad/mfad/agent/client"
	"github.com/mfad/mfad/agent/server"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/proctest"
)

// agentVariable makes the test binary an agent; its value says of which kind.
// The prefix carries it through ScrubEnv.
const agentVariable = "MFAD_TEST_AGENT"

func TestMain(m *testing.M) {
	if kind := os.Getenv(agentVariable); kind != "" {
		os.Exit(runAgent(kind))
	}
	os.Exit(m.Run())
}

// runAgent is a small agent: it serves until it is told to stop.
func runAgent(kind string) int {
	switch kind {
	case "broken":
		server.Ready(errors.New("reading the ledger:\n it is damaged"))
		return 1
	case "mute":
		fmt.Println("a word for the log")
		return 1
	}
	ln, err := server.Listen(os.Getenv("MFAD_SOCKET"))
	server.Ready(err)
	if err != nil {
		return 1
	}
	defer func() { _ = ln.Release() }()
	note(ln.Path())
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	err = server.Serve(ctx, ln, func(_ context.Context, _ *server.Conn, _ wire.Call, method string) (any, error) {
		switch method {
		case wire.MethodStop:
			stop()
		case "die":
			os.Exit(3)
		case "environ":
			return os.Environ(), nil
		case "folder":
			return os.Getwd()
		}
		return os.Getpid(), nil
	}, server.Options{})
	if err != nil {
		return 1
	}
	return 0
}

// note appends a line to the file that counts agents.
func note(socket string) {
	f, err := os.OpenFile(socket+".agents", os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(f, os.Getpid())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		panic(err)
	}
}

// demand are options that start the test binary as an agent of the kind, which
// is stopped at the end.
func demand(t *testing.T, kind string) client.Options {
	t.Helper()
	dir := proctest.Folder(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := client.Options{
		Socket: filepath.Join(dir, "run", "agent.sock"), Log: filepath.Join(dir, "state", "agent.log"),
		Agent: self, Env: append(client.ScrubEnv(os.Environ()), agentVariable+"="+kind), Version: "test",
	}
	t.Cleanup(func() {
		stopping := o
		stopping.NoStart = true
		c, err := client.Dial(context.Background(), stopping)
		if errors.Is(err, client.ErrNoAgent) {
			return
		}
		if err != nil {
			t.Errorf("stopping the agent: %v", err)
			return
		}
		defer func() { _ = c.Close() }()
		if err := c.Call(context.Background(), wire.MethodStop, nil, nil); err != nil {
			t.Errorf("stopping the agent: %v", err)
		}
	})
	return o
}

// started lists the agents that got to listen.
func started(t *testing.T, o client.Options) []string {
	t.Helper()
	f, err := os.Open(o.Socket + ".agents")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}
