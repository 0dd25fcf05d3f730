package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/shelltext"
)

// credentialsDeadline ends before SDKs lose patience: Go's kills the shell
// around us at 60 s, and would leave us behind.
const credentialsDeadline = 55 * time.Second

func credentialsCommand(c *cli) *cobra.Command {
	var profile string
	cmd := &cobra.Command{
		Use:   "credentials --profile NAME",
		Short: "Print a profile's credentials as credential_process wants them",
		Long: `Print a profile's temporary credentials as the JSON document that AWS SDKs read
from a credential_process. This is what "mfad profile add" writes into the AWS
config file; people seldom call it.

Standard output carries the document and nothing else; questions are asked on
the terminal, never on standard input.`,
		Example: `  mfad credentials --profile prod
  credential_process = /usr/local/bin/mfad credentials --profile prod`,
		Args:              argCount(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if profile == "" {
				return misuse(cmd, errors.New("no profile: --profile names none, and AWS_PROFILE is not read"))
			}
			return printCredentials(cmd.Context(), c, profile)
		},
	}
	profileFlag(cmd, c.getenv, &profile)
	return cmd
}

// credentialsProfile recognises the command line that stands in config files,
// exactly: `credentials --profile NAME`. It runs on every aws command, and
// building the whole tree of verbs for it would be felt.
func credentialsProfile(args []string) (profile string, ok bool) {
	switch {
	case len(args) == 3 && args[0] == "credentials" && args[1] == "--profile":
		profile = args[2]
	case len(args) == 2 && args[0] == "credentials":
		profile, _ = strings.CutPrefix(args[1], "--profile=")
		ok = profile != args[1]
	}
	// A name that looks like a flag is left to the parser of flags.
	return profile, profile != "" && !strings.HasPrefix(profile, "-") && (ok || len(args) == 3)
}

func printCredentials(ctx context.Context, c *cli, profile string) error {
	result, err := fetchCredentials(ctx, c, profile)
	if err != nil {
		return err
	}
	return c.print(string(append(bytes.TrimSpace(result.Document), '\n')))
}

// fetchCredentials asks the agent for a profile's credentials, within the deadline.
func fetchCredentials(ctx context.Context, c *cli, profile string) (wire.CredentialsResult, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, credentialsDeadline,
		advice{exitLater, `Run "mfad status" to see what the agent waits for.`}.errorf(
			"no credentials for profile %q within %s", profile, credentialsDeadline))
	defer cancel()
	var result wire.CredentialsResult
	p := wire.CredentialsParams{Profile: profile, Region: shelltext.CallerRegion(c.getenv)}
	err := c.call(ctx, wire.MethodCredentials, p, &result)
	return result, errorAbout(profile, err)
}
