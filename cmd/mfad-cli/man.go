package main

import (
	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/manpages"
)

// manCommand serves `make man`: hidden, since people read the pages instead.
func manCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man FOLDER",
		Short:  "Write the manual pages into a folder",
		Hidden: true,
		Args:   argCount(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return manpages.Write(args[0], cmd.Root(), "mfad "+wire.Version)
		},
	}
}
