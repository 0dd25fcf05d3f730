//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mfad/mfad/agent/wire"
)

// fakeAgent answers calls out of a folder: METHOD.json holds the result,
// METHOD.error "CODE MESSAGE"; METHOD.die closes the connection instead, and a
// method without a file is not answered at all. Every call's parameters are
// appended to calls.jsonl in the folder. It is for what the real agent does
// not do on demand: to die, to be of another version, to be silent. It stops
// listening when it has answered agent.stop.
type fakeAgent struct {
	dir      string
	listener net.Listener
}

// fakeAgentCommand is `fakeagent DIR`: it listens until the script ends.
func fakeAgentCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: fakeagent DIR")
	}
	listener, err := net.Listen("unix", ts.Getenv("MFAD_SOCKET"))
	ts.Check(err)
	ts.Check(os.Chmod(ts.Getenv("MFAD_SOCKET"), 0o600))
	f := fakeAgent{ts.MkAbs(args[0]), listener}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go f.serve(conn)
		}
	}()
	ts.Defer(func() {
		_ = listener.Close()
		<-done
	})
}

func (f fakeAgent) serve(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		var call struct {
			ID     json.RawMessage `json:"id"`
			Method string          `json:"method"`
			Params json.RawMessage `json:"params"`
		}
		if json.Unmarshal(lines.Bytes(), &call) != nil || f.note(call.Method, call.Params) != nil {
			return
		}
		if f.has(call.Method + ".die") {
			return
		}
		if text, err := os.ReadFile(filepath.Join(f.dir, call.Method+".error")); err == nil {
			code, message, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
			fmt.Fprintf(conn, `{"jsonrpc":"2.0","id":%s,"error":{"code":%s,"message":%q}}`+"\n", call.ID, code, message)
			continue
		}
		if text, err := os.ReadFile(filepath.Join(f.dir, call.Method+".json")); err == nil {
			fmt.Fprintf(conn, `{"jsonrpc":"2.0","id":%s,"result":%s}`+"\n", call.ID, strings.Join(strings.Fields(string(text)), " "))
		}
		if call.Method == wire.MethodStop {
			_ = f.listener.Close()
		}
	}
}

func (f fakeAgent) has(name string) bool {
	_, err := os.Stat(filepath.Join(f.dir, name))
	return !errors.Is(err, fs.ErrNotExist)
}

func (f fakeAgent) note(method string, params json.RawMessage) error {
	calls, err := os.OpenFile(filepath.Join(f.dir, "calls.jsonl"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(calls, "%s %s\n", method, params)
	return errors.Join(err, calls.Close())
}
