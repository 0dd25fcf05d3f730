//go:build cgo && (linux || darwin)

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/term"

	"github.com/mfad/mfad/agent/harden"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/closed"
	"github.com/mfad/mfad/internal/inherited"
	"github.com/mfad/mfad/internal/line"
)

func main() {
	// First of all: what is in memory before is not taken back.
	_, err := closed.FromStart()
	if err == nil {
		err = harden.Process()
	}
	inherited.Close()
	switch name := filepath.Base(os.Args[0]); {
	case err != nil:
	case name == pluginProgram:
		os.Exit(runPlugin(os.Args[1:]))
	default:
		err = run(os.Args[1:], os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mfad-token: error:", line.One(err.Error()))
		os.Exit(1)
	}
}

const usage = `usage: mfad-token --version

mfad-agent runs mfad-token when it needs a hardware token; there is nothing to
run by hand. Under the name age-plugin-mfad it is a plugin of age.
`

var errByHand = errors.New("mfad-agent runs this program; by hand use `mfad token list`, or see mfad-token --help")

func run(args []string, stdin, stdout *os.File) error {
	flags := flag.NewFlagSet("mfad-token", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	version := flags.Bool("version", false, "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, err := io.WriteString(stdout, usage)
		return err
	case err != nil:
		return fmt.Errorf("%w: see mfad-token --help", err)
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q: see mfad-token --help", flags.Arg(0))
	case *version:
		_, err := fmt.Fprintln(stdout, "mfad-token", wire.Version)
		return err
	case term.IsTerminal(int(stdin.Fd())):
		return errByHand
	}
	newService().Serve(context.Background(), stdin, stdout)
	return nil
}
