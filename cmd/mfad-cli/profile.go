package main

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/client/cached"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/table"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
)

func profileCommand(c *cli) *cobra.Command {
	return newGroup(&cobra.Command{
		Use:   "profile",
		Short: "Write, adopt, list and explain profiles",
		Long: `The profiles that mfad serves. A profile's role settings stand in mfad's own
file, ~/.config/mfad/profiles, which has the format of ~/.aws/config; the AWS
config file holds the credential_process that calls mfad, and region and output.`,
	},
		profileAddCommand(c), profileAdoptCommand(c), profileReleaseCommand(c), profileRemoveCommand(c),
		profileRepairCommand(c), profileListCommand(c), profileShowCommand(c))
}

func profileListCommand(c *cli) *cobra.Command {
	return listCommand(c.console, &cobra.Command{
		Use:   "list",
		Short: "List the profiles",
		Long: `List the profiles of mfad's file and of the AWS files. SERVED says whether aws
finds mfad's credential_process for it.`,
		Example: "  mfad profile list\n  mfad profile list --json",
		Args:    argCount(0, 0),
	}, listing[wire.Profile]{
		call:   c.call,
		method: wire.MethodProfileList,
		table:  profileTable,
		none:   "no profiles",
		hint:   func() string { return newKnown(c).profile("") },
	})
}

func profileTable(profiles []wire.Profile) *table.Table {
	t := table.New("PROFILE", "SERVED", "ROLE", "SOURCE", "FAULT")
	for _, p := range profiles {
		served := "no"
		if p.Served {
			served = "yes"
		}
		t.Row(p.Name, served, table.OrDash(p.RoleARN), table.OrDash(p.Source), p.Fault)
	}
	return t
}

func profileShowCommand(c *cli) *cobra.Command {
	return showCommand(c.console, &cobra.Command{
		Use:   "show PROFILE",
		Short: "Show step by step how a profile's credentials are made",
		Long: `Show step by step how a profile's credentials are made, and from which file and
line each value came. Nothing is fetched, and nobody is asked.`,
		Example:           "  mfad profile show prod\n  mfad profile show prod --json",
		Args:              argCount(1, 1),
		ValidArgsFunction: completeOne(completeProfiles(c.getenv)),
	}, showing[wire.Chain]{
		fetch: func(ctx context.Context, args []string) (wire.Chain, error) {
			var chain wire.Chain
			p := wire.ProfileShowParams{Profile: args[0], Region: cached.Region(c.getenv)}
			err := c.call(ctx, wire.MethodProfileShow, p, &chain)
			return chain, errorAbout(args[0], err)
		},
		tell: func(chain wire.Chain) error {
			if chain.Fault != "" {
				c.say("mfad: warning: %s", chain.Fault)
			}
			return c.print(chainText(chain, time.Now()))
		},
	})
}

// chainText shows a chain as a numbered list of steps, each with its settings.
func chainText(chain wire.Chain, now time.Time) string {
	head := table.New("profile:", chain.Profile)
	if chain.Region != nil {
		head.Row("region:", chain.Region.Text, chain.Region.From)
	}
	t := table.New()
	for i, step := range chain.Steps {
		t.Row(strconv.Itoa(i+1)+".", step.Kind, stepProfile(step), step.At)
		for _, v := range step.Settings {
			t.Row("", "  "+v.Name, v.Text, v.From)
		}
		if s := step.Session; s != nil {
			t.Row("", "  cached", s.AccessKeyID, "for "+words.Lifetime(s.Expires, now))
		}
	}
	return head.String() + "\n" + t.String()
}

func stepProfile(s wire.Step) string {
	if s.Profile == "" {
		return ""
	}
	return "of profile " + s.Profile
}
