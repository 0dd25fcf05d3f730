package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
)

func versionCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:               "version",
		Short:             "Print the version",
		Long:              `Print the version of this program. "mfad doctor" compares it with the agent's.`,
		Example:           "  mfad version",
		Args:              argCount(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			return c.print(fmt.Sprintf("mfad %s (protocol %d, %s, %s/%s)\n",
				wire.Version, wire.Protocol, runtime.Version(), runtime.GOOS, runtime.GOARCH))
		},
	}
}
