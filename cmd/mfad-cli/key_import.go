package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/keycsv"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/tokentext"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/config/edit"
	"github.com/mfad/mfad/internal/human"
)

// defaultKey is the name of an access key that was given none.
const defaultKey = "base"

// maxTypedKey bounds an access key that is read from standard input.
const maxTypedKey = 16 << 10

// A keyImport is the command line of `mfad key import`.
type keyImport struct {
	name        string
	csv, user   string
	fromProfile string
	keep        bool
	replace     bool
	trust       []string
	onToken     onToken
	toVault     bool
}

func keyImportCommand(c *cli) *cobra.Command {
	var k keyImport
	var by answers
	cmd := &cobra.Command{
		Use:   "import [NAME]",
		Short: "Bring a long-term access key into the vault",
		Long: `Bring a long-term access key into the vault, as NAME; without a name as "base",
or with --from-profile under the profile's name.

The key comes from the CSV file that the IAM console downloads (--csv), or out
of ~/.aws/credentials (--from-profile), or is typed: the ID with echo, the
secret without. When standard input is not a terminal, its first line is the ID
and its second the secret. A secret is never taken from the command line.

--from-profile removes the key from the credentials file once the vault has it
(--keep leaves it there) and keeps a backup of the file, whose name it tells.`,
		Example: `  mfad key import --csv ~/Downloads/accessKeys.csv
  mfad key import audit --csv credentials.csv --user alice
  mfad key import --from-profile default
  mfad key import`,
		Args:              refuseKeyArgument,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				k.name = args[0]
			}
			if err := errors.Join(k.check(cmd), k.onToken.check(cmd)); err != nil {
				return err
			}
			if by.passphraseStdin && (k.csv == "" || k.csv == "-") && k.fromProfile == "" {
				return misuse(cmd, errors.New("--passphrase-stdin takes standard input: give the key by --csv FILE"))
			}
			c.answerBy(by)
			return importKey(cmd.Context(), c, k)
		},
	}
	f := cmd.Flags()
	f.StringVar(&k.csv, "csv", "", "the console's CSV file (- for standard input)")
	f.StringVar(&k.user, "user", "", "the user whose key to take, when the CSV file has several")
	f.StringVar(&k.fromProfile, "from-profile", "", "move the key of this profile out of the credentials file")
	f.BoolVar(&k.keep, "keep", false, "with --from-profile: leave the key in the credentials file")
	f.BoolVar(&k.replace, "replace", false, "replace the access key of that name")
	f.StringArrayVar(&k.trust, "trust-endpoint", nil, "let its requests go to this URL, which is not AWS's (repeatable)")
	k.onToken.flags(cmd, c.callRunning, "each day's first use takes a touch")
	f.BoolVar(&k.toVault, "to-vault", false, "with --replace: keep the secret in the vault, and erase the old one on its tokens")
	proofFlags(c, cmd, &by)
	_ = cmd.MarkFlagFilename("csv", "csv")
	_ = cmd.RegisterFlagCompletionFunc("from-profile", completeProfiles(c.getenv))
	_ = cmd.RegisterFlagCompletionFunc("trust-endpoint", cobra.NoFileCompletions)
	_ = cmd.RegisterFlagCompletionFunc("user", cobra.NoFileCompletions)
	return cmd
}

// refuseKeyArgument is the Args of key import.
func refuseKeyArgument(cmd *cobra.Command, args []string) error {
	if len(args) > 1 || len(args) == 1 && config.CheckLongTermKey(args[0], []byte(strings.Repeat("x", 40))) == nil {
		return &fault{
			errors.New("a key on the command line can be read by every process of this machine: it was not used"), exitUsage,
			`Run "mfad key import NAME", and give the access key ID and the secret when asked.`,
		}
	}
	return nil
}

// check refuses flags that do not go together.
func (k keyImport) check(cmd *cobra.Command) error {
	switch {
	case k.csv != "" && k.fromProfile != "":
		return misuse(cmd, errors.New("--csv and --from-profile: the key comes from one of them"))
	case k.user != "" && k.csv == "":
		return misuse(cmd, errors.New("--user is for --csv"))
	case k.keep && k.fromProfile == "":
		return misuse(cmd, errors.New("--keep is for --from-profile"))
	}
	return nil
}

func importKey(ctx context.Context, c *cli, k keyImport) error {
	id, secret, err := k.read(ctx, c)
	defer clear(secret)
	if err != nil {
		return err
	}
	name := cmp.Or(k.name, k.fromProfile, defaultKey)
	serials, err := k.onToken.serials(ctx, c.call)
	if err != nil {
		return err
	}
	var key wire.Key
	err = c.call(ctx, wire.MethodKeyImport, wire.KeyImportParams{
		Name: name, AccessKeyID: id, Secret: secret, Replace: k.replace, Trust: k.trust,
		OnToken: k.onToken.wanted, Tokens: serials, Touch: k.onToken.touch, ToVault: k.toVault,
	}, &key)
	if err == nil {
		c.say("mfad: access key %s is in the vault as %q%s", key.AccessKeyID, key.Name, tokentext.OntoTokens(key.Tokens, key.Touch))
		sayLeft(c.console, key.Left)
		err = k.tellNext(ctx, c, key)
	}
	return errorAbout(name, err)
}

// read gets the key from where the command line says. The caller wipes the
// secret, which may be there beside an error.
func (k keyImport) read(ctx context.Context, c *cli) (id string, secret []byte, err error) {
	switch {
	case k.csv != "":
		return keyOfCSV(c.console, k.csv, k.user)
	case k.fromProfile != "":
		return keyOfProfile(k.fromProfile, c.getenv)
	}
	return typedKey(ctx, c)
}

// tellNext says where the key still is, beside the vault, and what comes next.
func (k keyImport) tellNext(ctx context.Context, c *cli, key wire.Key) error {
	if k.fromProfile != "" && !k.keep {
		return removeKeyOfProfile(ctx, c, k.fromProfile, key)
	}
	if k.csv != "" && k.csv != "-" {
		c.say("mfad: %s still holds the secret", k.csv)
		c.hint("Delete that file, then run %s.", newKnown(c).afterKey(key.Name))
		return nil
	}
	c.hint("Run %s.", newKnown(c).afterKey(key.Name))
	return nil
}

// keyOfCSV reads a key of the console's file. The caller wipes the secret.
func keyOfCSV(c console, name, user string) (id string, secret []byte, err error) {
	data, err := c.readInput(name, keycsv.Most)
	if err != nil {
		return "", nil, err
	}
	defer clear(data)
	keys, err := keycsv.Parse(data)
	if err != nil {
		return "", nil, usagef("Download the file again from the IAM console, or type the key: \"mfad key import\".", "%s: %w", name, err)
	}
	k, err := chooseKey(keys, user)
	if err != nil {
		return "", nil, err
	}
	return k.ID, bytes.Clone(k.Secret), nil
}

func chooseKey(keys []keycsv.Key, user string) (keycsv.Key, error) {
	var users []string
	var chosen []keycsv.Key
	for _, k := range keys {
		if user == "" || k.User == user {
			chosen = append(chosen, k)
		}
		users = append(users, fmt.Sprintf("%.64q (line %d)", k.User, k.Line))
	}
	switch {
	case len(chosen) == 1:
		return chosen[0], nil
	case len(chosen) == 0:
		return keycsv.Key{}, usagef("Give --user one of those.", "the file has no key of user %.64q, but of %s", user, strings.Join(users, ", "))
	case user == "":
		return keycsv.Key{}, usagef("Say which with --user NAME.", "the file has %d keys: of %s", len(keys), strings.Join(users, ", "))
	}
	return keycsv.Key{}, usagef("Delete the lines that you do not mean from the file.",
		"the file has %d keys of user %.64q", len(chosen), user)
}

// typedKey asks for a key. The caller wipes the secret.
func typedKey(ctx context.Context, c *cli) (id string, secret []byte, err error) {
	const hint = `Copy both from the IAM console, and run "mfad key import" again.`
	if !c.inIsTerminal() {
		text, err := c.readInput("-", maxTypedKey)
		if err != nil {
			return "", nil, err
		}
		defer clear(text)
		first, rest, _ := bytes.Cut(text, []byte("\n"))
		id, secret = string(bytes.TrimSpace(first)), bytes.Clone(bytes.TrimSpace(rest))
	} else {
		if err := c.requireVault(ctx); err != nil {
			return "", nil, err
		}
		if id, err = c.askLine(ctx, "Access key ID"); err != nil {
			return "", nil, err
		}
		if secret, err = c.askSecret(ctx, "secret access key of "+id); err != nil {
			return "", nil, err
		}
	}
	if err := config.CheckLongTermKey(id, secret); err != nil {
		return "", secret, usagef(hint, "%w", err)
	}
	return id, secret, nil
}

// keyOfProfile reads the long-term key that AWS's files hold for a profile.
// The caller wipes the secret.
func keyOfProfile(profile string, getenv func(string) string) (id string, secret []byte, err error) {
	e, err := newEditor(getenv)
	if err != nil {
		return "", nil, err
	}
	keys, err := e.KeysOf(profile)
	if err != nil {
		return "", nil, adviseOnFiles(err)
	}
	defer clear(keys.Secret.Bytes)
	return keys.ID.Text, bytes.Clone(keys.Secret.Bytes), nil
}

// removeKeyOfProfile takes the key out of AWS's files, now that the vault has
// it, says where it still is, and has mfad serve the profile if the person wants it.
func removeKeyOfProfile(ctx context.Context, c *cli, profile string, key wire.Key) error {
	e, err := newEditor(c.getenv)
	if err != nil {
		return err
	}
	changes, err := e.RemoveKeys(ctx, profile)
	if err := tellChanges(c.console, changes, err); err != nil {
		return err
	}
	for _, file := range []string{e.Paths.Credentials, e.Paths.Config} {
		for _, kept := range []string{edit.BackupOf(file), edit.OriginalOf(file)} {
			if text, err := os.ReadFile(kept); err == nil && bytes.Contains(text, []byte(key.AccessKeyID)) {
				c.say("mfad: %s still holds the secret: delete it when you are satisfied", kept)
				clear(text)
			}
		}
	}
	if served, err := offerToServe(ctx, c, profile, key.Name); served || err != nil {
		return err
	}
	c.hint(`Run "mfad profile add %s --key %s --mfa-serial %s", so that aws finds the profile again.`,
		profile, key.Name, newKnown(c).deviceSerial())
	return nil
}

// offerToServe asks the person, where there is a terminal, whether mfad shall serve
// the profile whose key the vault has now: aws finds nothing for it any more.
func offerToServe(ctx context.Context, c *cli, profile, key string) (served bool, err error) {
	terminal := c.terminal()
	if terminal == nil {
		return false, nil
	}
	question := fmt.Sprintf("aws finds no keys for profile %q any more. Let mfad serve it?", profile)
	answer, err := terminal.Ask(ctx, human.Question{Kind: human.Confirm, What: question})
	if err != nil || !answer.Yes {
		return false, nil // it stays as it is, and the hint says how
	}
	n := edit.NewProfile{Name: profile, Settings: []edit.Setting{{Key: config.KeyAccessKey, Value: key}}}
	err = editFiles(ctx, c, func(e *edit.Editor) ([]edit.Change, error) { return e.Add(ctx, n) })
	if err == nil {
		tellWritten(ctx, c, profile)
	}
	return true, err
}
