package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/table"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
	"github.com/mfad/mfad/internal/line"
)

func statusCommand(c *cli) *cobra.Command {
	var watch bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the agent, the vault, the sessions and the last faults",
		Long: `Show the agent, the vault, the sessions, and the last refusals, which many SDKs
hide. It starts no agent: when none is running, the exit code is 6.

With --watch it is shown anew each second until interrupted; with --json as
well, each is one line.`,
		Example: "  mfad status\n  mfad status --watch\n  mfad status --json",
		Args:    argCount(0, 0),
	}
	showCommand(c.console, cmd, showing[wire.Status]{
		fetch: func(ctx context.Context, _ []string) (s wire.Status, err error) {
			err = c.callRunning(ctx, wire.MethodStatus, nil, &s)
			return s, err
		},
		tell: func(s wire.Status) error { return c.print(statusText(s, time.Now())) },
	})
	once := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !watch {
			return once(cmd, args)
		}
		asJSON, err := cmd.Flags().GetBool("json")
		if err != nil {
			return err
		}
		return watchStatus(cmd.Context(), c, asJSON)
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "show it anew each second until interrupted")
	return cmd
}

func statusText(s wire.Status, now time.Time) string {
	facts := table.New("agent:", fmt.Sprintf("%s, pid %d, up %s", s.Version, s.PID, words.Span(now.Sub(s.Started))))
	facts.Row("socket:", fmt.Sprintf("%s (%s)", s.Socket, words.Count(s.Connections, "connection")))
	for i, file := range s.ConfigFiles {
		title := ""
		if i == 0 {
			title = "reads:"
		}
		facts.Row(title, file)
	}
	if skew := time.Duration(s.SkewMillis) * time.Millisecond; skew.Abs() >= time.Second {
		facts.Row("clock:", words.ClockSkew(skew))
	}
	switch {
	case s.VaultFault != "":
		facts.Row("vault:", s.VaultFault)
		facts.Row("", `it is there and cannot be read; run: mfad doctor`)
	case s.Vault == nil:
		facts.Row("vault:", "none; run: mfad init")
	default:
		facts.Row("vault:", fmt.Sprintf("%s, %s, hold: %s", s.Vault.Name, words.VaultState(*s.Vault, now), words.HoldTime(s.Vault.Hold)))
		items := words.Count(len(s.Vault.Items), "item")
		facts.Row("", fmt.Sprintf("%s, ways in: %s", items, table.OrDash(words.WaysIn(s.Vault.Slots))))
	}
	facts.Row("sessions:", strconv.Itoa(len(s.Sessions)))
	text := facts.String()
	if len(s.Sessions) > 0 {
		text += "\n" + sessionTable(s.Sessions, now).String()
	}
	return text + faultText(s, now)
}

func faultText(s wire.Status, now time.Time) string {
	t := table.New("AGO", "PROFILE", "FAULT")
	for _, f := range s.Faults {
		t.Row(words.Span(now.Sub(f.At)), table.OrDash(f.Profile), f.Text)
	}
	for _, session := range s.Sessions {
		if session.Fault != "" {
			t.Row("now", table.OrDash(strings.Join(session.Profiles, " ")), "refreshing: "+session.Fault)
		}
	}
	if t.Len() == 1 {
		return ""
	}
	return "\n" + t.String()
}

// watchStatus shows the status each second until ctx ends, which is how a person
// ends it: no error. On a terminal each takes the place of the one before.
func watchStatus(ctx context.Context, c *cli, asJSON bool) error {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	onTerminal := !asJSON && c.outIsTerminal()
	for {
		text, err := statusFrame(ctx, c, asJSON)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case onTerminal: // home, clear each line as it is written, clear what is below
			text = "\x1b[H" + strings.ReplaceAll(text, "\n", "\x1b[K\n") + "\x1b[J"
		}
		if err := c.print(text); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-second.C:
		}
	}
}

// statusFrame is what watchStatus shows at a time. Watching goes on while the agent restarts.
func statusFrame(ctx context.Context, c *cli, asJSON bool) (string, error) {
	var s wire.Status
	err := c.callRunning(ctx, wire.MethodStatus, nil, &s)
	if exit, _ := exitAndHint(err); err != nil && (asJSON || exit != exitAgent) {
		return "", err
	}
	if err != nil {
		return line.One(err.Error()) + "\n", nil
	}
	if !asJSON {
		return statusText(s, time.Now()), nil
	}
	line, err := json.Marshal(s)
	return string(line) + "\n", err
}
