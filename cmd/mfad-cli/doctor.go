package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/cmd/mfad-cli/internal/doctor"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
	"github.com/mfad/mfad/internal/errcode"
)

func doctorCommand(c *cli) *cobra.Command {
	return showCommand(c.console, &cobra.Command{
		Use:   "doctor",
		Short: "Check everything that credentials depend on",
		Long: `Check, in this order, everything that credentials depend on: the programs, the
socket, the agent (which is started, as by any request), the vault and the
keychain, the files, the profiles that aws finds mfad for and what would keep it
from asking mfad, this shell's environment, the tokens, and the clock. Nobody is
asked, and AWS is not called.

Each line is ok, warn or fail; what is not ok says what to do. If anything
failed, the exit code is 1.`,
		Example: "  mfad doctor\n  mfad doctor --json",
		Args:    argCount(0, 0),
	}, showing[[]doctor.Finding]{
		fetch: func(ctx context.Context, _ []string) ([]doctor.Finding, error) {
			d := doctor.Doctor{
				Getenv: c.getenv, Call: c.call, CallRunning: c.callRunning,
				Self: ownPath, SameFile: sameFile, Hint: hintOn, PasteName: pasteName,
			}
			return d.Examine(ctx), nil
		},
		tell: func(findings []doctor.Finding) error { return c.print(doctor.Text(findings)) },
		after: func(findings []doctor.Finding) error {
			failed := doctor.Failed(findings)
			if failed == 0 {
				return nil
			}
			return advice{exitError, "Do what the lines marked -> say, from the top."}.errorf(
				"%s failed", words.Count(failed, "check"))
		},
	})
}

// hintOn is the advice on an error of the agent, or of the person's files.
func hintOn(err error) string {
	var refusal *errcode.Error
	var f *fault
	if !errors.As(err, &refusal) && !errors.As(err, &f) {
		err = adviseOnFiles(err)
	}
	_, hint := exitAndHint(err)
	return strings.ReplaceAll(hintFrom("doctor", hint), placeholder, pasteName(""))
}
