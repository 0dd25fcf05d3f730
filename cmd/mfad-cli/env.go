package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/cmd/mfad-cli/internal/shelltext"
)

func envCommand(c *cli) *cobra.Command {
	var profile, format string
	var unset bool
	cmd := &cobra.Command{
		Use:   "env --profile NAME",
		Short: "Print a profile's credentials as commands of a shell",
		Long: `Print commands for a shell that put a profile's temporary credentials into its
environment, and remove AWS_PROFILE and whatever else would send a client
elsewhere. Every value is quoted, so the output is safe to evaluate. Without
credentials it is the command "false", so that the evaluation fails, too.

In fish, a universal variable stays as it is for other shells: here it is hidden
by a global one, AWS_PROFILE by one that names the same profile.

With --unset, print the commands that remove those variables again, the region
included; that asks nobody and needs no profile.

The shell keeps the credentials after they have expired, and every process of
the user can read them. "mfad exec" gives them to one command only.`,
		Example: `  eval "$(mfad env --profile prod)"                                          # sh, bash, zsh, fish
  mfad env --profile prod --format fish | source
  mfad env --profile prod --format powershell | Out-String | Invoke-Expression
  mfad env --profile prod --format json
  eval "$(mfad env --unset)"`,
		Args:              argCount(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := requireChoice("format", format, envFormats()...); err != nil {
				return err
			}
			if unset {
				return printUnset(c, format)
			}
			profile = profileOrEnv(profile, c.getenv)
			vars, err := fetchVariables(cmd, c, profile)
			if err != nil {
				return errors.Join(err, printFailure(c, format))
			}
			return printVariables(c, format, environment{profile, vars})
		},
	}
	profileFlag(cmd, c.getenv, &profile)
	cmd.Flags().StringVar(&format, "format", shelltext.Default, "the shell: "+strings.Join(envFormats(), ", "))
	cmd.Flags().BoolVar(&unset, "unset", false, "remove the variables instead")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(envFormats(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// fetchVariables gets what to set.
func fetchVariables(cmd *cobra.Command, c *cli, profile string) ([]shelltext.Variable, error) {
	if profile == "" {
		return nil, misuse(cmd, errNoProfileGiven)
	}
	result, err := fetchCredentials(cmd.Context(), c, profile)
	if err != nil {
		return nil, err
	}
	return shelltext.VariablesOf(result, c.getenv)
}

// printFailure prints what makes the evaluation of our output fail. A shell that
// evaluates nothing succeeds, and its script goes on with other credentials or
// with none.
func printFailure(c *cli, format string) error {
	d, _ := shelltext.Find(format)
	if d.Fail == "" {
		return nil
	}
	return c.print(d.Fail)
}

// envFormats are what --format takes.
func envFormats() []string { return append(shelltext.Names(), formatJSON) }

// formatJSON is the format for programs: an object of the variables.
const formatJSON = "json"

// environment is what to set, and whose it is.
type environment struct {
	profile string
	vars    []shelltext.Variable
}

// printVariables prints all of them in one write: half a set of credentials is
// worse than none.
func printVariables(c *cli, format string, e environment) error {
	if d, isShell := shelltext.Find(format); isShell {
		return c.print(d.Set(e.vars, e.profile))
	}
	object := map[string]string{}
	for _, v := range e.vars {
		object[v.Name] = v.Value
	}
	return c.printJSON(object)
}

func printUnset(c *cli, format string) error {
	d, isShell := shelltext.Find(format)
	if !isShell {
		return usagef(`Run "mfad env --unset --format sh".`, "--unset needs the format of a shell, not %s", format)
	}
	return c.print(d.Unset())
}
