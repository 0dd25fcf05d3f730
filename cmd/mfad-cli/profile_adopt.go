package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/config/edit"
)

func profileAdoptCommand(c *cli) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "adopt PROFILE... | --all",
		Short: "Let mfad serve profiles of the AWS config file",
		Long: `Move a profile's role settings out of the AWS config file into mfad's, and leave
credential_process there: aws and every SDK then ask mfad. "mfad profile release"
puts the lines back where they were. Of several profiles, all are adopted or none.

With --all, adopt every profile that mfad can serve, and say why others stay as
they are.

The file as it was before the first change of all is kept beside it, in
config.mfad-original, and as it was before the last one in config.mfad-backup.`,
		Example:           "  mfad profile adopt prod\n  mfad profile adopt --all",
		Args:              argCount(0, mostAdopted),
		ValidArgsFunction: completeProfiles(c.getenv),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			switch {
			case all == (len(args) > 0):
				return misuse(cmd, errors.New("give profiles or --all"))
			case all:
				return adoptAll(ctx, c)
			}
			err := editBoth(ctx, c, func(e *edit.Editor) ([]edit.Change, error) { return e.Adopt(ctx, args...) })
			if err == nil {
				tellLost(c, args)
				c.hint(tryProfileHint, args[0])
			}
			if len(args) == 1 {
				return errorAbout(args[0], err)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "adopt every profile that mfad can serve")
	return cmd
}

// mostAdopted is how many profiles one command line may name.
const mostAdopted = 1000

// adoptAll adopts what can be, and tells of each profile what became of it.
func adoptAll(ctx context.Context, c *cli) error {
	var a edit.Adoption
	err := editBoth(ctx, c, func(e *edit.Editor) ([]edit.Change, error) {
		var err error
		a, err = e.AdoptAll(ctx)
		return a.Changes, err
	})
	if err != nil {
		return err
	}
	for _, why := range a.Left {
		c.say("mfad: left as it is: %v", withWayOut(why))
	}
	c.say("mfad: adopted %s", words.Count(len(a.Adopted), "profile"))
	tellLost(c, a.Adopted)
	if len(a.Adopted) > 0 {
		c.hint(tryProfileHint, a.Adopted[0])
	}
	return nil
}

// tellLost names the settings of adopted profiles that another tool has heeded so
// far and nobody heeds now.
func tellLost(c *cli, profiles []string) {
	paths, err := config.DefaultPaths(c.getenv)
	if err != nil {
		return // told by the edit
	}
	served, _ := config.NewReader(paths, c.getenv).Served()
	for _, s := range served {
		if !slices.Contains(profiles, s.Name) {
			continue
		}
		for _, setting := range s.Lost {
			c.say("mfad: warning: %s: mfad does not read %s: write what it stands for into profile %q",
				setting.Origin, setting.Text, s.Name)
		}
	}
}
