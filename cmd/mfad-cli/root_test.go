package main

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// testCLI is a run of the program that nobody sees, with nothing in its environment.
func testCLI() *cli {
	return &cli{console: console{in: os.Stdin, out: io.Discard, err: io.Discard}, getenv: func(string) string { return "" }}
}

// eachVerb visits a command and those below it that people run.
func eachVerb(cmd *cobra.Command, visit func(cmd *cobra.Command)) {
	for _, below := range cmd.Commands() {
		eachVerb(below, visit)
	}
	if cmd.Runnable() && !cmd.Hidden {
		visit(cmd)
	}
}

func TestEveryVerbHasHelpAndAnExample(t *testing.T) {
	visit := func(cmd *cobra.Command) {
		path := cmd.CommandPath()
		switch {
		case cmd.Short == "" || strings.HasSuffix(cmd.Short, "."):
			t.Errorf("%s: the short help is %q", path, cmd.Short)
		case cmd.Args == nil:
			t.Errorf("%s takes any arguments", path)
		case cmd.HasSubCommands():
			return
		case !strings.Contains(cmd.Example, path):
			t.Errorf("%s: the example does not show it", path)
		case cmd.ValidArgsFunction == nil && cmd.ValidArgs == nil && !strings.HasPrefix(cmd.Use, "exec "):
			t.Errorf("%s completes file names", path)
		}
		for line := range strings.Lines(cmd.Long) {
			if len([]rune(line)) > 101 {
				t.Errorf("%s: a line of the help is too long: %s", path, line)
			}
		}
	}
	eachVerb(rootCommand(testCLI()), visit)
}
