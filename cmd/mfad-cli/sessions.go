package main

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/table"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
)

func (c *cli) sessionCommand() *cobra.Command {
	return group("session", "List and forget cached sessions", "The temporary credentials that the agent keeps, in its memory alone.",
		c.sessionListCommand(), c.sessionForgetCommand())
}

func (c *cli) sessionListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the cached sessions",
		Example: "  mfad session list\n  mfad session list --json",
		Args:    takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			sessions := []wire.Session{}
			err := c.callRunning(cmd.Context(), wire.MethodSessionList, nil, &sessions)
			if err != nil && !errors.Is(err, errNotRunning) {
				return err
			}
			if asJSON {
				return c.printJSON(sessions)
			}
			if len(sessions) == 0 {
				c.say("mfad: no sessions")
				return nil
			}
			return c.print(sessionTable(sessions, time.Now()).String())
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func sessionTable(sessions []wire.Session, now time.Time) *table.Table {
	t := table.New("SESSION", "KIND", "OF", "ACCOUNT", "LIVES", "PROFILES")
	for _, s := range sessions {
		lives := words.Lifetime(s.Expires, now)
		if s.Refreshing {
			lives += ", refreshing"
		}
		t.Row(s.ID, s.Kind, table.OrDash(s.Identity), table.OrDash(s.Account), lives, table.OrDash(strings.Join(s.Profiles, " ")))
	}
	return t
}

func (c *cli) sessionForgetCommand() *cobra.Command {
	var p wire.SessionForgetParams
	cmd := &cobra.Command{
		Use:   "forget [ID]",
		Short: "Forget cached sessions",
		Long: `Forget a cached session by its ID, those of a profile (--profile), or all of them
(--all). The next request makes new ones. AWS is not told: a session that was
handed out lives until it expires.`,
		Example: `  mfad session forget --profile prod
  mfad session forget --all`,
		Args:              takes(0, 1),
		ValidArgsFunction: c.completeOne(c.completeSessions),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				p.ID = args[0]
			}
			given := 0
			for _, is := range []bool{p.ID != "", p.Profile != "", p.All} {
				if is {
					given++
				}
			}
			if given != 1 {
				return misuse(cmd, errors.New("which session: give an ID, --profile or --all"))
			}
			var r wire.SessionForgetResult
			err := c.callRunning(cmd.Context(), wire.MethodSessionForget, p, &r)
			if err != nil && !errors.Is(err, errNotRunning) {
				return err
			}
			if r.Forgotten == 0 && !p.All {
				return failf(exitMissing, `Run "mfad session list" to see the sessions.`, "no such session")
			}
			c.say("mfad: %s forgotten", words.Counted(r.Forgotten, "session"))
			return nil
		},
	}
	c.profileFlag(cmd, &p.Profile)
	cmd.Flags().BoolVar(&p.All, "all", false, "forget all of them")
	return cmd
}
