package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/cmd/mfad-cli/internal/become"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/shelltext"
)

var errNoProfileGiven = errors.New("no profile: neither --profile nor AWS_PROFILE names one")

func execCommand(c *cli) *cobra.Command {
	var profile string
	cmd := &cobra.Command{
		Use:   "exec --profile NAME -- COMMAND [ARGUMENT…]",
		Short: "Run a command with a profile's credentials in its environment",
		Long: `Run a command with a profile's temporary credentials in its environment:
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN,
AWS_CREDENTIAL_EXPIRATION, AWS_ACCOUNT_ID, and the profile's region in
AWS_REGION and AWS_DEFAULT_REGION unless the environment has one. AWS_PROFILE and every other
variable that would send a client elsewhere is removed.

The command takes mfad's place: it gets the signals, and its exit code is the
exit code. (On Windows it runs below mfad.) It leaves no core file, which would
hold the credentials.

An environment can be read by every process of the user, and it is not renewed
when the credentials expire. This verb and "mfad env" are the only ones that
put credentials there; "aws --profile" needs neither.`,
		Example: `  mfad exec --profile prod -- terraform plan
  mfad exec --profile prod -- sh -c 'aws s3 ls | head'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return misuse(cmd, errors.New("no command to run"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if profile = profileOrEnv(profile, c.getenv); profile == "" {
				return misuse(cmd, errNoProfileGiven)
			}
			// Before any question is asked: a code spent on a typing error is lost.
			path, err := exec.LookPath(args[0])
			if err != nil {
				return notRunnable(args[0], err)
			}
			result, err := fetchCredentials(cmd.Context(), c, profile)
			if err != nil {
				return err
			}
			vars, err := shelltext.VariablesOf(result, c.getenv)
			if err != nil {
				return err
			}
			c.leave()
			return startError(args[0], become.Become(path, args, shelltext.Environ(os.Environ(), vars)))
		},
	}
	// What follows the command belongs to the command.
	cmd.Flags().SetInterspersed(false)
	profileFlag(cmd, c.getenv, &profile)
	return cmd
}

// profileOrEnv is the profile of --profile, else the shell's.
func profileOrEnv(flag string, getenv func(string) string) string {
	for _, name := range []string{flag, getenv("AWS_PROFILE"), getenv("AWS_DEFAULT_PROFILE")} {
		if name != "" {
			return name
		}
	}
	return ""
}

// startError words the error of running a command; one that the command itself
// ended with stays as it is.
func startError(name string, err error) error {
	var exit *exec.ExitError
	if err == nil || errors.As(err, &exit) {
		return err
	}
	return notRunnable(name, err)
}

// notRunnable words the two ways in which a command cannot be started, with
// the codes that shells have for them.
func notRunnable(name string, err error) error {
	var unfound *exec.Error
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return advice{exitNotFound, "Check the spelling, or give the command's full path."}.errorf("command %q not found", name)
	case errors.Is(err, exec.ErrDot):
		return advice{exitNotRunnable, "Write ./ before a command of the current folder."}.errorf(
			"command %q would be run from the current folder", name)
	case errors.As(err, &unfound):
		err = unfound.Err // without the name, which we say ourselves
	}
	return advice{exitNotRunnable, noHint}.errorf("running %q: %w", name, err)
}
