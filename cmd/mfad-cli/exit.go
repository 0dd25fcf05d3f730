package main

import "github.com/spf13/cobra"

// The exit codes, as `mfad help exit-codes` tells them.
const (
	exitOK = iota
	exitError
	exitUsage
	exitPerson
	exitMissing
	exitRefused
	exitAgent
	exitLater

	exitNotRunnable = 126 // exec, as shells have it
	exitNotFound    = 127
	exitInterrupted = 130 // 128 + SIGINT
)

const exitCodesHelp = `mfad exits with one of these codes:

  0    done
  1    an error that has no code of its own
  2    the command line, or a file or text that it names, is wrong
  3    a person is needed: the vault is locked, a passphrase or PIN was wrong, a
       token was not touched, a question was dismissed or there was nowhere to ask it
  4    not found: no vault, or no profile, key, device, slot or session so named;
       a token is not plugged in, or what talks to tokens is not installed
  5    AWS refused: the code, the device, the key, the role or the clock
  6    the agent: not running, not startable, of another version, or it died
  7    it may work later: AWS out of reach, throttling, a deadline
  130  interrupted

"mfad exec" exits with its command's code; it exits with 127 when the command
is not found, with 126 when it cannot be run, and with the codes above when the
command was never started.

What went wrong is told on standard error, in one line that begins with
"mfad: error:", and a second that begins with "mfad: hint:" if there is
something to do about it.`

// exitCodesTopic is a help topic: a command that only has words.
func exitCodesTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes mean",
		Long:  exitCodesHelp,
	}
}
