package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/manpages"
)

func versionCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:               "version",
		Short:             "Print the version",
		Long:              `Print the version of this program. "mfad doctor" compares it with the agent's.`,
		Example:           "  mfad version",
		Args:              argCount(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			return c.print(versionText())
		},
	}
}

func versionText() string {
	return fmt.Sprintf("mfad %s (protocol %d, %s, %s/%s)\n",
		wire.Version, wire.Protocol, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// helpCommand is cobra's, but that help on what there is not is a mistake.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [VERB...]",
		Short:   "Show the help on a verb",
		Long:    `Show the help on a verb, as --help does, or on a topic.`,
		Example: "  mfad help exec\n  mfad help key import\n  mfad help exit-codes",
		Args:    cobra.ArbitraryArgs,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			of, _, err := cmd.Root().Find(args)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var words []string
			for _, below := range of.Commands() {
				if !below.Hidden {
					words = append(words, cobra.CompletionWithDesc(below.Name(), below.Short))
				}
			}
			return words, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			of, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return noSuchVerb(of, rest)
			}
			return of.Help()
		},
	}
}

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

// manCommand serves `make man`: hidden, since people read the pages instead.
func manCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man FOLDER",
		Short:  "Write the manual pages into a folder",
		Hidden: true,
		Args:   argCount(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return manpages.Write(args[0], cmd.Root(), "mfad "+wire.Version)
		},
	}
}
