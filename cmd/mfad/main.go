// Command mfad is the door: what people and AWS SDKs call. It is replaced by
// mfad-cli, which is installed beside it.
package main

import (
	"fmt"
	"os"
	"syscall"

	"github.com/mfad/mfad/internal/sibling"
)

func main() {
	program, err := sibling.Find("mfad-cli")
	if err == nil {
		err = syscall.Exec(program, os.Args, os.Environ())
	}
	fmt.Fprintln(os.Stderr, "mfad: error:", err)
	os.Exit(1)
}
