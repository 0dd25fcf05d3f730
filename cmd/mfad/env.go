package main

import (
	"fmt"
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
elsewhere. Every value is quoted, so the output is safe to evaluate.

With --unset, print the commands that remove those variables again, the region
included; that asks nobody and needs no profile.

The shell keeps the credentials after they have expired, and every process of
the user can read them. "mfad exec" gives them to one command only.`,
		Example: `  eval "$(mfad env --profile prod)"                                          # sh, bash, zsh
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
			if profile = c.profileOrEnv(profile); profile == "" {
				return misuse(cmd, errNoProfileGiven)
			}
			result, err := c.fetch(cmd.Context(), profile)
			if err != nil {
				return err
			}
			vars, err := variablesOf(result, c.getenv)
			if err != nil {
				return err
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
	for _, name := range rivalVariables {
		b.WriteString(d.unset(name))
	}
	for _, name := range credentialVariables {
		i := slices.IndexFunc(vars, func(v variable) bool { return v.name == name })
		if i < 0 {
			b.WriteString(d.unset(name))
			continue
		}
		b.WriteString(d.set(name, vars[i].value))
	}
	return c.print(b.String())
}

func (c *cli) printUnset(format string) error {
	d, isShell := findDialect(format)
	if !isShell {
		return usagef(`Run "mfad env --unset --format sh".`, "--unset needs the format of a shell, not %s", format)
	}
	var b strings.Builder
	for _, name := range credentialVariables {
		fmt.Fprint(&b, d.unset(name))
	}
	return c.print(b.String())
}
