// Command mfad-cli is every verb of mfad: a thin client of mfad-agent's socket,
// and the terminal that its questions appear on. Nobody calls it by that name:
// mfad, the door beside it, puts it in its own place for all that the agent's
// cache does not answer. So it calls itself mfad.
//
// It holds no secret longer than a call takes, speaks no AWS, opens no vault and
// touches no token. What a refusal of the agent means for a person (the hint and the exit code)
// is decided here and nowhere else.
package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/mfad/mfad/agent/client/cached"
	"github.com/mfad/mfad/agent/harden"
)

func main() {
	if err := harden.Process(); err != nil {
		os.Exit(reportError(os.Stderr, err))
	}
	c := &cli{console: console{in: os.Stdin, out: os.Stdout, err: os.Stderr}, getenv: os.Getenv}
	os.Exit(run(c, os.Args[1:]))
}

// endingSignals are the signals by which a person or the system ends us; not those
// that our parent had us ignore (nohup), which a command under exec inherits.
func endingSignals() []os.Signal {
	return slices.DeleteFunc([]os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}, signal.Ignored)
}

// run is the program: what it was told to do, and the exit code.
func run(c *cli, args []string) int {
	ctx := context.Background()
	// What ctx cannot tell at once: a prompt sees an interrupt as well, and may
	// end as dismissed before ctx has ended.
	seen := make(chan os.Signal, 1)
	var err error
	if profile, ok := cached.Profile(args); ok {
		// The line of config files: a whole tree of verbs for it would be felt.
		// Nothing is watched for signals, which would cost a thread: they end us
		// at once, but for a prompt, which watches by itself.
		err = ofVerb("credentials", printCredentials(ctx, c, profile))
	} else {
		if watched := endingSignals(); len(watched) > 0 { // none would mean all
			var stop context.CancelFunc
			ctx, stop = signal.NotifyContext(ctx, watched...)
			defer stop()
			signal.Notify(seen, watched...)
		}
		root := rootCommand(c)
		root.SetArgs(args)
		verb, failed := root.ExecuteContextC(ctx)
		err = ofVerb(strings.TrimPrefix(verb.CommandPath(), root.Name()+" "), failed)
	}
	c.leave()
	var child *exec.ExitError // of exec, where it could not take our place
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &child):
		return child.ExitCode()
	case ctx.Err() != nil, len(seen) > 0:
		c.say("mfad: interrupted")
		return exitInterrupted
	}
	return reportError(c.err, err)
}
