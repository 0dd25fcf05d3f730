package main

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/table"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tokentext"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
)

func keyCommand(c *cli) *cobra.Command {
	return newGroup(&cobra.Command{
		Use:   "key",
		Short: "Bring in, list, rename, move, trust and remove access keys",
		Long:  "The long-term access keys that the vault keeps, or a hardware token.",
	},
		keyImportCommand(c), keyListCommand(c), keyRenameCommand(c), keyMoveCommand(c), keyRemoveCommand(c), keyTrustCommand(c))
}

func keyListCommand(c *cli) *cobra.Command {
	return listCommand(c.console, &cobra.Command{
		Use:     "list",
		Short:   "List the access keys",
		Example: "  mfad key list",
		Args:    argCount(0, 0),
	}, listing[wire.Key]{
		call:   c.call,
		method: wire.MethodKeyList,
		table:  keyTable,
		none:   "no access keys",
		hint:   func() string { return `Run "mfad key import --csv accessKeys.csv".` },
	})
}

func keyTable(keys []wire.Key) *table.Table {
	t := table.New("NAME", "ACCESS KEY ID", "ADDED", "WHERE", "TRUSTED ENDPOINTS")
	for _, k := range keys {
		t.Row(k.Name, k.AccessKeyID, words.Date(k.Created),
			tokentext.Location(k.Tokens, k.Touch), table.OrDash(strings.Join(k.Trust, " ")))
	}
	return t
}

func keyRemoveCommand(c *cli) *cobra.Command {
	return removeCommand(c, &cobra.Command{
		Short: "Remove an access key from the vault and its tokens",
		Long: `Remove an access key from the vault, and from those of its tokens that are
plugged in; the others are named. It takes a proof that you want it, which names
the profiles that use the key. AWS is not told: the key stays valid until it is
deleted in the IAM console.`,
		Example: "  mfad key remove base",
	}, removal{
		method:   wire.MethodKeyRemove,
		complete: completeKeys(c.callRunning), what: "access key",
		done: "access key %q removed; AWS still takes it until you delete it there",
	})
}

// maxBundle is the most that the agent reads of a CA bundle.
const maxBundle = 1 << 20

func keyTrustCommand(c *cli) *cobra.Command {
	var p wire.KeyTrustParams
	var bundle string
	var by answers
	cmd := &cobra.Command{
		Use:   "trust NAME URL|aws",
		Short: "Let requests of an access key go to an endpoint that is not AWS's",
		Long: `Let requests that an access key signs go to an endpoint that is not AWS's, such
as a local stand-in; with --proxy by a proxy, and with --ca-bundle by other
certificates than the system's. "aws" is AWS's own endpoint. Whoever has a hand
in that may see the MFA codes that are sent, so it takes a proof that you want
it, before the first use or by this verb. "mfad status" shows what is in force.`,
		Example: `  mfad key trust base https://sts.internal.example:8443
  mfad key trust base aws --proxy http://proxy.example:3128 --ca-bundle corp.pem
  mfad key trust base https://sts.internal.example:8443 --revoke`,
		Args:              argCount(2, 2),
		ValidArgsFunction: completeOne(completeKeys(c.callRunning)),
		RunE: onNamed(func(cmd *cobra.Command, args []string) error {
			p.Name, p.Endpoint = args[0], args[1]
			if bundle != "" {
				pem, err := c.readInput(bundle, maxBundle)
				if err != nil {
					return err
				}
				p.CA = fmt.Sprintf("%x", sha256.Sum256(pem))
			}
			c.answerBy(by)
			if err := c.call(cmd.Context(), wire.MethodKeyTrust, p, nil); err != nil {
				return err
			}
			if p.Revoke {
				c.say("mfad: access key %q trusts %s no more", args[0], args[1])
				return nil
			}
			c.say("mfad: requests of access key %q may go to %s", args[0], args[1])
			return nil
		}),
	}
	cmd.Flags().BoolVar(&p.Revoke, "revoke", false, "take the trust back")
	cmd.Flags().StringVar(&p.Proxy, "proxy", "", "by this proxy: http://HOST:PORT")
	cmd.Flags().StringVar(&bundle, "ca-bundle", "", "with the certificates of this PEM file, as it is now")
	_ = cmd.MarkFlagFilename("ca-bundle", "pem", "crt")
	_ = cmd.RegisterFlagCompletionFunc("proxy", cobra.NoFileCompletions)
	proofFlags(c, cmd, &by)
	return cmd
}
