package main

import (
	"bytes"
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/client/cached"
	"github.com/mfad/mfad/agent/wire"
)

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

func printCredentials(ctx context.Context, c *cli, profile string) error {
	result, err := fetchCredentials(ctx, c, profile)
	if err != nil {
		return err
	}
	return c.print(string(append(bytes.TrimSpace(result.Document), '\n')))
}

// fetchCredentials asks the agent for a profile's credentials. It ends after the
// agent has given its reason, and before SDKs lose patience: Go's kills the shell
// around us at 60 s, and would leave us behind.
func fetchCredentials(ctx context.Context, c *cli, profile string) (wire.CredentialsResult, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, wire.LastWord,
		advice{exitLater, `Run "mfad status" to see what the agent waits for.`}.errorf(
			"no credentials for profile %q within %s", profile, wire.LastWord))
	defer cancel()
	var result wire.CredentialsResult
	p := wire.CredentialsParams{Profile: profile, Region: cached.Region(c.getenv)}
	err := c.call(ctx, wire.MethodCredentials, p, &result)
	return result, errorAbout(profile, err)
}
