package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/table"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tokentext"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
)

func (c *cli) keyCommand() *cobra.Command {
	return group("key", "Bring in, list, move, trust and remove access keys", "The long-term access keys that the vault keeps, or a hardware token.",
		c.keyImportCommand(), c.keyListCommand(), c.keyMoveCommand(), c.keyRemoveCommand(), c.keyTrustCommand())
}

func (c *cli) keyListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the access keys",
		Example: "  mfad key list",
		Args:    takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			keys := []wire.Key{}
			if err := c.call(cmd.Context(), wire.MethodKeyList, nil, &keys); err != nil {
				return err
			}
			if asJSON {
				return c.printJSON(keys)
			}
			if len(keys) == 0 {
				c.say("mfad: no access keys")
				c.hint(`Run "mfad key import --csv accessKeys.csv".`)
				return nil
			}
			t := table.New("NAME", "ACCESS KEY ID", "ADDED", "WHERE", "TRUSTED ENDPOINTS")
			for _, k := range keys {
				t.Row(k.Name, k.AccessKeyID, words.Day(k.Created), tokentext.Where(k.Tokens, k.Touch), table.OrDash(strings.Join(k.Trust, " ")))
			}
			return c.print(t.String())
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *cli) keyRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "remove NAME",
		Short: "Remove an access key from the vault and its tokens",
		Long: `Remove an access key from the vault, and from those of its tokens that are
plugged in; the others are named. AWS is not told: the key stays valid until it
is deleted in the IAM console.`,
		Example:           "  mfad key remove base",
		Args:              takes(1, 1),
		ValidArgsFunction: c.completeOne(c.completeKeys),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.subject = args[0]
			var r wire.RemoveResult
			if err := c.call(cmd.Context(), wire.MethodKeyRemove, wire.NameParams{Name: args[0]}, &r); err != nil {
				return err
			}
			c.say("mfad: access key %q removed; AWS still takes it until you delete it there", args[0])
			c.sayLeft(r.Left)
			return nil
		},
	}
}

func (c *cli) keyTrustCommand() *cobra.Command {
	var revoke bool
	cmd := &cobra.Command{
		Use:   "trust NAME URL",
		Short: "Let requests of an access key go to an endpoint that is not AWS's",
		Long: `Let requests that an access key signs go to an endpoint that is not AWS's: a
proxy, a local stand-in. Whoever runs that endpoint sees the MFA codes sent to
it, so mfad asks before the first use of each; this verb answers beforehand.`,
		Example: `  mfad key trust base https://sts.internal.example:8443
  mfad key trust base https://sts.internal.example:8443 --revoke`,
		Args:              takes(2, 2),
		ValidArgsFunction: c.completeOne(c.completeKeys),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.subject = args[0]
			p := wire.KeyTrustParams{Name: args[0], Endpoint: args[1], Revoke: revoke}
			if err := c.call(cmd.Context(), wire.MethodKeyTrust, p, nil); err != nil {
				return err
			}
			if revoke {
				c.say("mfad: access key %q trusts %s no more", args[0], args[1])
				return nil
			}
			c.say("mfad: requests of access key %q may go to %s", args[0], args[1])
			return nil
		},
	}
	cmd.Flags().BoolVar(&revoke, "revoke", false, "take the trust back")
	return cmd
}
