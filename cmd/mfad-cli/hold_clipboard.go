package main

import (
	"github.com/spf13/cobra"

	"github.com/mfad/mfad/cmd/mfad-cli/internal/clipboard"
)

// holdClipboardCommand is the child of `mfad code --copy`: hidden, since it is
// of no use to anybody else.
func (c *cli) holdClipboardCommand() *cobra.Command {
	return &cobra.Command{
		Use:    clipboard.HoldVerb + " TOOL",
		Hidden: true,
		Args:   takes(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			known, err := clipboard.Hold(cmd.Context(), args[0], c.in)
			if !known {
				return usagef(noHint, "no clipboard tool %q", args[0])
			}
			return err
		},
	}
}
