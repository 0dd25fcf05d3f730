//go:build unix && !linux

package main

import (
	"fmt"
	"os"
)

// talkOnTerminal needs Linux's way of making a terminal.
func talkOnTerminal() {
	fmt.Fprintln(os.Stderr, "talk: this test needs Linux: run it there")
	os.Exit(1)
}
