// Mfad-agent is the daemon behind mfad: it keeps the vault open, makes codes
// and sessions, and answers on a unix socket of the user's own. mfad starts it
// when it is needed; a service manager may own it and hand it the socket.
//
// With --read-qr it is no agent: it reads a picture on standard input, prints
// the texts of the QR codes in it, one a line, and ends. So a picture is parsed
// in a process that holds no secrets.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/mfad/mfad/agent/harden"
	"github.com/mfad/mfad/agent/server"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/closed"
	"github.com/mfad/mfad/internal/inherited"
	"github.com/mfad/mfad/token/qr"
)

func main() {
	// First of all: what is in memory before is not taken back.
	late, err := closed.FromStart()
	if err == nil {
		err = harden.Process()
	}
	if err == nil {
		inherited.Close(server.Handed()...)
		if late != nil {
			logger(slog.LevelInfo).Warn("this process was open to others of its user when it started", "error", late)
		}
		err = run(os.Args[1:], os.Stdin, os.Stdout)
	}
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return
	}
	server.Ready(err)
	fmt.Fprintln(os.Stderr, "mfad-agent: error:", err)
	os.Exit(1)
}

const usage = `usage: mfad-agent [--socket PATH] [--log-level LEVEL]
       mfad-agent --read-qr < PICTURE
       mfad-agent --version

mfad starts the agent by itself when it needs it. Words go to standard error.
`

func run(args []string, stdin io.Reader, stdout io.Writer) error {
	flags := flag.NewFlagSet("mfad-agent", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	var level slog.Level
	version := flags.Bool("version", false, "")
	readQR := flags.Bool("read-qr", false, "")
	socket := flags.String("socket", "", "")
	flags.TextVar(&level, "log-level", slog.LevelInfo, "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, err := io.WriteString(stdout, usage)
		return err
	case err != nil:
		return fmt.Errorf("%w: see mfad-agent --help", err)
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q: see mfad-agent --help", flags.Arg(0))
	case *version:
		_, err := fmt.Fprintf(stdout, "mfad-agent %s (protocol %d)\n", wire.Version, wire.Protocol)
		return err
	case *readQR:
		return printQR(stdin, stdout)
	}
	return serve(*socket, logger(level))
}

// printQR prints the texts of a picture in one write.
func printQR(picture io.Reader, out io.Writer) error {
	texts, err := qr.Read(picture)
	if err != nil {
		return err
	}
	var lines []byte
	for _, text := range texts {
		lines = fmt.Appendln(lines, text)
	}
	defer clear(lines)
	_, err = out.Write(lines)
	return err
}
