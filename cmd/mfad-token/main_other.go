//go:build !cgo || !(linux || darwin)

package main

import (
	"fmt"
	"os"

	"github.com/mfad/mfad/token"
)

func main() {
	fmt.Fprintln(os.Stderr, "mfad-token: error:", token.WithoutCgo)
	os.Exit(1)
}
