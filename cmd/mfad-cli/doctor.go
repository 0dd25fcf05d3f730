package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/doctor"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
)

func (c *cli) doctorCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check everything that credentials depend on",
		Long: `Check, in this order, everything that credentials depend on: the programs, the
socket, the agent (which is started, as by any request), the files, the
profiles that aws finds mfad for and what would keep it from asking mfad, this
shell's environment, the vault, the tokens, and the clock. Nobody is asked, and
AWS is not called.

Each line is ok, warn or fail; what is not ok says what to do. If anything
failed, the exit code is 1.`,
		Example: "  mfad doctor\n  mfad doctor --json",
		Args:    takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			findings := doctor.Doctor{
				Getenv: c.getenv, Call: c.call, CallRunning: c.callRunning,
				Self: ownPath, SameFile: sameFile, Hint: hintOn, PasteName: orName,
			}.Examine(cmd.Context())
			if asJSON {
				if err := c.printJSON(findings); err != nil {
					return err
				}
			} else if err := c.print(doctor.Text(findings)); err != nil {
				return err
			}
			if failed := doctor.Failed(findings); failed > 0 {
				return failf(exitError, "Do what the lines marked -> say, from the top.", "%s failed", words.Counted(failed, "check"))
			}
			return nil
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

// hintOn is the advice on an error of the agent, or of the person's files.
func hintOn(err error) string {
	var refusal *wire.Error
	var f *fault
	if !errors.As(err, &refusal) && !errors.As(err, &f) {
		err = judgedConfig(err)
	}
	_, hint := judge(err)
	return strings.ReplaceAll(hint, placeholder, orName(""))
}
