package main

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/config/edit"
	"github.com/mfad/mfad/internal/errcode"
)

// A newProfile is the command line of `mfad profile add`.
type newProfile struct {
	roleARN, source, key                string
	serial, externalID, sessionName     string
	sourceIdentity, region, output, url string
	duration                            int
	tags, transitive, policyARNs        []string
}

func profileAddCommand(c *cli) *cobra.Command {
	var p newProfile
	cmd := &cobra.Command{
		Use:   "add PROFILE --source NAME | --key NAME",
		Short: "Write a profile that mfad serves",
		Long: `Write a profile: its role settings into mfad's file, and into the AWS config file
the credential_process by which aws and every SDK find it, with region and output.
Nothing that is there is overwritten, and what is changed is kept in a backup.

The source is another profile, or an access key of the vault (--source finds
either; --key means the vault). Without --role-arn the profile is an MFA session
of that access key.`,
		Example: `  mfad profile add prod --role-arn arn:aws:iam::123456789012:role/Admin --source base \
      --mfa-serial arn:aws:iam::123456789012:mfa/alice --region eu-west-1
  mfad profile add me --key base --mfa-serial arn:aws:iam::123456789012:mfa/alice`,
		Args:              argCount(1, 1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: onNamed(func(cmd *cobra.Command, args []string) error {
			settings, err := p.settings(cmd)
			if err != nil {
				return err
			}
			n := edit.NewProfile{Name: args[0], Settings: settings, Region: p.region, Output: p.output}
			err = editFiles(cmd.Context(), c, func(e *edit.Editor) ([]edit.Change, error) { return e.Add(cmd.Context(), n) })
			if err == nil {
				tellWritten(cmd.Context(), c, args[0])
			}
			return err
		}),
	}
	f := cmd.Flags()
	f.StringVar(&p.roleARN, "role-arn", "", "the role to assume")
	f.StringVar(&p.source, "source", "", "who assumes it: a profile, or an access key of the vault")
	f.StringVar(&p.key, "key", "", "who assumes it: an access key of the vault")
	f.StringVar(&p.serial, "mfa-serial", "", "the MFA device that is asked for a code")
	f.IntVar(&p.duration, "duration", 0, "seconds that a session lives (role: 900 to 43200)")
	f.StringVar(&p.region, "region", "", "the profile's region")
	f.StringVar(&p.output, "output", "", "the aws command's output format")
	f.StringVar(&p.externalID, "external-id", "", "the external ID that the role's trust policy demands")
	f.StringVar(&p.sessionName, "session-name", "", "the role session's name, as CloudTrail shows it")
	f.StringVar(&p.sourceIdentity, "source-identity", "", "the role session's source identity")
	f.StringVar(&p.url, "endpoint-url", "", "the endpoint, if it is not AWS's")
	f.StringArrayVar(&p.tags, "tag", nil, "a session tag, KEY=VALUE (repeatable)")
	f.StringArrayVar(&p.transitive, "transitive-tag", nil, "the key of a tag that later roles inherit (repeatable)")
	f.StringArrayVar(&p.policyARNs, "policy-arn", nil, "a managed policy that limits the session (repeatable)")
	_ = cmd.RegisterFlagCompletionFunc("source", completeSources(c))
	_ = cmd.RegisterFlagCompletionFunc("key", completeKeys(c.callRunning))
	_ = cmd.RegisterFlagCompletionFunc("mfa-serial", completeSerials(c.callRunning))
	return cmd
}

// settings are the lines of mfad's file.
func (p newProfile) settings(cmd *cobra.Command) ([]edit.Setting, error) {
	switch {
	case (p.source == "") == (p.key == ""):
		return nil, misuse(cmd, errors.New("give one of --source and --key"))
	case p.duration < 0:
		return nil, misuse(cmd, errors.New("--duration is in seconds, and not negative"))
	case p.roleARN == "" && p.key == "":
		p.source, p.key = "", p.source // only a role is assumed by another profile
	}
	for _, tag := range p.tags {
		if key, _, found := strings.Cut(tag, "="); !found || key == "" || strings.Contains(tag, ",") {
			return nil, misuse(cmd, errors.New("--tag is KEY=VALUE, without commas: "+tag))
		}
	}
	duration := ""
	if p.duration > 0 {
		duration = strconv.Itoa(p.duration)
	}
	var settings []edit.Setting
	for _, s := range []edit.Setting{
		{Key: config.KeyRoleARN, Value: p.roleARN},
		{Key: config.KeySourceProfile, Value: p.source},
		{Key: config.KeyAccessKey, Value: p.key},
		{Key: config.KeySerial, Value: p.serial},
		{Key: config.KeyDuration, Value: duration},
		{Key: config.KeyExternalID, Value: p.externalID},
		{Key: config.KeySessionName, Value: p.sessionName},
		{Key: config.KeySourceIdentity, Value: p.sourceIdentity},
		{Key: config.KeyTags, Value: strings.Join(p.tags, ",")},
		{Key: config.KeyTransitiveTags, Value: strings.Join(p.transitive, ",")},
		{Key: config.KeyPolicyARNs, Value: strings.Join(p.policyARNs, ",")},
		{Key: "endpoint_url", Value: p.url},
	} {
		if s.Value != "" {
			settings = append(settings, s)
		}
	}
	return settings, nil
}

const tryProfileHint = `Run "aws --profile %s sts get-caller-identity".`

// tellWritten says what comes next; with a source that is not there yet, that is to
// bring it in.
func tellWritten(ctx context.Context, c *cli, profile string) {
	err := c.call(ctx, wire.MethodProfileShow, wire.ProfileShowParams{Profile: profile}, nil)
	if errors.Is(err, errcode.NoKey) || errors.Is(err, errcode.NoProfile) || errors.Is(err, errcode.NoVault) {
		_, hint := exitAndHint(err)
		c.say("mfad: warning: profile %q cannot be served yet: %v", profile, err)
		c.hint("%s", strings.ReplaceAll(hint, placeholder, pasteName(profile)))
		return
	}
	c.hint(tryProfileHint, profile)
}

func profileReleaseCommand(c *cli) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "release PROFILE... | --all",
		Short: "Undo adopt: put the settings of profiles back",
		Long: `Put the settings of adopted profiles back where they stood in the AWS config file,
and take mfad's credential_process away. Of several profiles, all are released or
none; with --all, these are all that were adopted.`,
		Example:           "  mfad profile release prod\n  mfad profile release --all",
		Args:              argCount(0, mostAdopted),
		ValidArgsFunction: completeProfiles(c.getenv),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if all == (len(args) > 0) {
				return misuse(cmd, errors.New("give profiles or --all"))
			}
			err := editBoth(ctx, c, func(e *edit.Editor) (changes []edit.Change, err error) {
				if !all {
					return e.Release(ctx, args...)
				}
				changes, args, err = e.ReleaseAll(ctx)
				return changes, err
			})
			if err == nil && all {
				c.say("mfad: released %s", words.Count(len(args), "profile"))
			}
			if !all && len(args) == 1 {
				return errorAbout(args[0], err)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "release every profile that was adopted")
	return cmd
}

func profileRemoveCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "remove PROFILE",
		Short: "Remove a profile that mfad wrote",
		Long: `Remove a profile from mfad's file, and mfad's credential_process from the AWS
config file. Keys and devices stay in the vault.`,
		Example:           "  mfad profile remove prod",
		Args:              argCount(1, 1),
		ValidArgsFunction: completeOne(completeProfiles(c.getenv)),
		RunE: onNamed(func(cmd *cobra.Command, args []string) error {
			return editBoth(cmd.Context(), c, func(e *edit.Editor) ([]edit.Change, error) { return e.Remove(cmd.Context(), args[0]) })
		}),
	}
}

func profileRepairCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "repair",
		Short: "Write mfad's path anew into every credential_process",
		Long: `Write the path of this mfad into every credential_process of the AWS config file
that calls an mfad, such as after a move to another machine or another place. All
else stays as it is.`,
		Example:           "  mfad profile repair",
		Args:              argCount(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return editFiles(cmd.Context(), c, func(e *edit.Editor) ([]edit.Change, error) { return e.Repair(cmd.Context()) })
		},
	}
}
