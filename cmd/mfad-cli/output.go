package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/internal/line"
)

// say writes a line for a person, to standard error: standard output belongs
// to what was asked for.
func (c *cli) say(format string, args ...any) {
	_, _ = fmt.Fprintln(c.err, line.One(fmt.Sprintf(format, args...)))
}

// hint tells the next step.
func (c *cli) hint(format string, args ...any) {
	c.say("mfad: hint: "+format, args...)
}

// jsonFlag declares --json.
func jsonFlag(cmd *cobra.Command, asJSON *bool) {
	cmd.Flags().BoolVar(asJSON, "json", false, "print JSON, for programs")
	if cmd.ValidArgsFunction == nil && cmd.Args != nil {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
}

// printJSON writes a value for programs.
func (c *cli) printJSON(v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return c.print(string(text) + "\n")
}

// print writes to standard output in one write.
func (c *cli) print(text string) error {
	if _, err := io.WriteString(c.out, text); err != nil {
		return fmt.Errorf("writing to standard output: %w", err)
	}
	return nil
}
