// Ours does with package client what the minimal program does without it: one
// round trip. The benchmarks run both.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/mfad/mfad/agent/client"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "ours:", err)
		os.Exit(1)
	}
}

func run(socket, method, params string) error {
	ctx := context.Background()
	c, err := client.Dial(ctx, client.Options{Socket: socket, NoStart: true})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	var answer json.RawMessage
	if err := c.Call(ctx, method, json.RawMessage(params), &answer); err != nil {
		return err
	}
	_, err = fmt.Printf("%s\n", answer)
	return err
}
