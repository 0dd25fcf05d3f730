package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/internal/line"
)

// grade says how a finding is meant.
type grade string

const (
	gradeOK   grade = "ok"
	gradeWarn grade = "warn"
	gradeFail grade = "fail"
)

// A finding is one thing that doctor looked at. Hint is one sentence with the
// exact command, for what is not ok.
type finding struct {
	Check string `json:"check"`
	Grade grade  `json:"grade"`
	Text  string `json:"text"`
	Hint  string `json:"hint,omitempty"`
}

// A diagnosis is a run of doctor. What an earlier check found, later ones use.
type diagnosis struct {
	cli      *cli
	findings []finding

	paths  config.Paths
	status *wire.Status // nil when the agent does not answer
}

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
			d := diagnosis{cli: c}
			for _, check := range []func(context.Context){
				d.programs, d.socket, d.agent, d.files, d.served, d.profiles, d.environment, d.vault, d.keychain, d.tokens, d.clock,
			} {
				check(cmd.Context())
			}
			if asJSON {
				if err := c.printJSON(d.findings); err != nil {
					return err
				}
			} else if err := c.print(d.text()); err != nil {
				return err
			}
			return d.verdict()
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (d *diagnosis) text() string {
	var b strings.Builder
	for _, f := range d.findings {
		fmt.Fprintf(&b, "%-4s  %s: %s\n", f.Grade, f.Check, line.One(f.Text))
		if f.Hint != "" {
			fmt.Fprintf(&b, "      -> %s\n", line.One(f.Hint))
		}
	}
	return b.String()
}

func (d *diagnosis) verdict() error {
	failed := 0
	for _, f := range d.findings {
		if f.Grade == gradeFail {
			failed++
		}
	}
	if failed > 0 {
		return failf(exitError, "Do what the lines marked -> say, from the top.", "%s failed", words.Counted(failed, "check"))
	}
	return nil
}

func (d *diagnosis) ok(check, format string, args ...any) {
	d.findings = append(d.findings, finding{check, gradeOK, fmt.Sprintf(format, args...), ""})
}

func (d *diagnosis) warn(check, hint, format string, args ...any) {
	d.findings = append(d.findings, finding{check, gradeWarn, fmt.Sprintf(format, args...), hint})
}

func (d *diagnosis) fail(check, hint, format string, args ...any) {
	d.findings = append(d.findings, finding{check, gradeFail, fmt.Sprintf(format, args...), hint})
}

// failBy takes text and hint from an error.
func (d *diagnosis) failBy(check string, err error) {
	_, hint := judge(err)
	d.fail(check, strings.ReplaceAll(hint, placeholder, orName("")), "%v", err)
}
