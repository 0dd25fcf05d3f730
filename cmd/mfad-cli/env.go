package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func (c *cli) envCommand() *cobra.Command {
	var profile, format string
	var unset bool
	cmd := &cobra.Command{
		Use:   "env --profile NAME",
		Short: "Print a profile's credentials as commands of a shell",
		Long: `Print commands for a shell that put a profile's temporary credentials into its
environment, and remove AWS_PROFILE and whatever else would send a client
elsewhere. Every value is quoted, so the output is safe to evaluate. Without
credentials it is the command "false", so that the evaluation fails, too.

With --unset, print the commands that remove those variables again, the region
included; that asks nobody and needs no profile.

The shell keeps the credentials after they have expired, and every process of
the user can read them. "mfad exec" gives them to one command only.`,
		Example: `  eval "$(mfad env --profile prod)"                                          # sh, bash, zsh, fish
  mfad env --profile prod --format fish | source
  mfad env --profile prod --format powershell | Out-String | Invoke-Expression
  mfad env --profile prod --format json
  eval "$(mfad env --unset)"`,
		Args:              takes(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := requireOne("format", format, envFormats()...); err != nil {
				return err
			}
			if unset {
				return c.printUnset(format)
			}
			profile = c.profileOrEnv(profile)
			vars, err := c.variables(cmd, profile)
			if err != nil {
				return errors.Join(err, c.printFailure(format))
			}
			return c.printVariables(format, vars)
		},
	}
	c.profileFlag(cmd, &profile)
	cmd.Flags().StringVar(&format, "format", defaultFormat, "the shell: "+strings.Join(envFormats(), ", "))
	cmd.Flags().BoolVar(&unset, "unset", false, "remove the variables instead")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(envFormats(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// variables gets what to set.
func (c *cli) variables(cmd *cobra.Command, profile string) ([]variable, error) {
	if profile == "" {
		return nil, misuse(cmd, errNoProfileGiven)
	}
	result, err := c.fetch(cmd.Context(), profile)
	if err != nil {
		return nil, err
	}
	return variablesOf(result, c.getenv)
}

// printFailure makes an evaluation of our output fail: that of nothing would
// succeed, and a script go on with other credentials, or none.
func (c *cli) printFailure(format string) error {
	d, _ := findDialect(format)
	if d.fail == "" {
		return nil
	}
	return c.print(d.fail)
}

func envFormats() []string {
	var names []string
	for _, d := range dialects {
		names = append(names, d.name)
	}
	return append(names, "json")
}

// printVariables writes everything in one write: half a set of credentials
// evaluated would be worse than none.
func (c *cli) printVariables(format string, vars []variable) error {
	d, isShell := findDialect(format)
	if !isShell {
		object := map[string]string{}
		for _, v := range vars {
			object[v.name] = v.value
		}
		return c.printJSON(object)
	}
	var b strings.Builder
	b.WriteString(d.unset(without(vars)...))
	for _, v := range vars {
		b.WriteString(d.set(v.name, v.value))
	}
	return c.print(b.String())
}

// without names the variables that must not stay beside vars.
func without(vars []variable) []string {
	return slices.DeleteFunc(slices.Concat(rivalVariables, credentialVariables), func(name string) bool {
		return slices.ContainsFunc(vars, func(v variable) bool { return v.name == name })
	})
}

func (c *cli) printUnset(format string) error {
	d, isShell := findDialect(format)
	if !isShell {
		return usagef(`Run "mfad env --unset --format sh".`, "--unset needs the format of a shell, not %s", format)
	}
	return c.print(d.unset(credentialVariables...))
}
