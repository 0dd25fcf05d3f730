package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/table"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
)

func sessionCommand(c *cli) *cobra.Command {
	return newGroup(&cobra.Command{
		Use:   "session",
		Short: "List and forget cached sessions",
		Long:  "The temporary credentials that the agent keeps, in its memory alone.",
	},
		sessionListCommand(c), sessionForgetCommand(c))
}

func sessionListCommand(c *cli) *cobra.Command {
	return listCommand(c.console, &cobra.Command{
		Use:     "list",
		Short:   "List the cached sessions",
		Example: "  mfad session list\n  mfad session list --json",
		Args:    argCount(0, 0),
	}, listing[wire.Session]{
		call:   orNothing(c.callRunning),
		method: wire.MethodSessionList,
		table:  func(sessions []wire.Session) *table.Table { return sessionTable(sessions, time.Now()) },
		none:   "no sessions",
	})
}

// orNothing takes an agent that does not run for one that has nothing.
func orNothing(running caller) caller {
	return func(ctx context.Context, method string, params, result any) error {
		err := running(ctx, method, params, result)
		if errors.Is(err, errNotRunning) {
			return nil
		}
		return err
	}
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

func sessionForgetCommand(c *cli) *cobra.Command {
	var p wire.SessionForgetParams
	cmd := &cobra.Command{
		Use:   "forget [ID]",
		Short: "Forget cached sessions",
		Long: `Forget a cached session by its ID, those of a profile (--profile), or all of them
(--all). The next request makes new ones. AWS is not told: a session that was
handed out lives until it expires.`,
		Example: `  mfad session forget --profile prod
  mfad session forget --all`,
		Args:              argCount(0, 1),
		ValidArgsFunction: completeOne(completeSessions(c.callRunning)),
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
			if err := orNothing(c.callRunning)(cmd.Context(), wire.MethodSessionForget, p, &r); err != nil {
				return err
			}
			if r.Forgotten == 0 && !p.All {
				return advice{exitMissing, `Run "mfad session list" to see the sessions.`}.errorf("no such session")
			}
			c.say("mfad: %s forgotten", words.Count(r.Forgotten, "session"))
			return nil
		},
	}
	profileFlag(cmd, c.getenv, &p.Profile)
	cmd.Flags().BoolVar(&p.All, "all", false, "forget all of them")
	return cmd
}

func completeSessions(running caller) cobra.CompletionFunc {
	word := func(s wire.Session) string { return cobra.CompletionWithDesc(s.ID, s.Identity) }
	return completeWords(func() []string { return listWords(running, wire.MethodSessionList, word) })
}
