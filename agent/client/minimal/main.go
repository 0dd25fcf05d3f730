// Minimal is the yardstick for the client's start: the least Go program that
// does one JSON round trip over the agent's socket and prints the answer. The
// benchmarks run it beside the real thing. It checks nothing, and nobody
// should use it for anything else.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
)

type request struct {
	Version string         `json:"jsonrpc"`
	ID      int            `json:"id"`
	Method  string         `json:"method"`
	Params  map[string]any `json:"params"`
}

type response struct {
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "minimal:", err)
		os.Exit(1)
	}
}

// run sends {"v":2,"params":PARAMS} to METHOD.
func run(socket, method, params string) error {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	call := map[string]any{"v": 2, "params": json.RawMessage(params)}
	if err := json.NewEncoder(conn).Encode(request{"2.0", 1, method, call}); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadBytes('\n')
	if err != nil {
		return err
	}
	var answer response
	if err := json.Unmarshal(line, &answer); err != nil {
		return err
	}
	if answer.Error != nil {
		return fmt.Errorf("refused: %s", answer.Error)
	}
	_, err = fmt.Printf("%s\n", answer.Result)
	return err
}
