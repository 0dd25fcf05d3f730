package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc/config"
)

// completionDeadline is what a person who pressed Tab can be asked to wait.
const completionDeadline = 300 * time.Millisecond

// profileFlag declares --profile, completed from the files that getenv names.
func profileFlag(cmd *cobra.Command, getenv func(string) string, profile *string) {
	cmd.Flags().StringVarP(profile, "profile", "p", "", "the profile")
	_ = cmd.RegisterFlagCompletionFunc("profile", completeProfiles(getenv))
}

// completeOne completes the first argument alone.
func completeOne(complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, prefix)
	}
}

// completeWords completes words, and no file names.
func completeWords(words func() []string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words(), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeProfiles reads the files itself: that is fast, and needs no agent.
func completeProfiles(getenv func(string) string) cobra.CompletionFunc {
	return completeWords(func() []string { return profileWords(getenv) })
}

func profileWords(getenv func(string) string) []string {
	paths, err := config.DefaultPaths(getenv)
	if err != nil {
		return nil
	}
	profiles, _ := config.NewReader(paths, getenv).Profiles()
	var words []string
	for _, p := range profiles {
		if !config.ValidName(p.Name) { // a shell might run what stands in it
			continue
		}
		words = append(words, cobra.CompletionWithDesc(p.Name, p.RoleARN))
	}
	return words
}

func completeKeys(running caller) cobra.CompletionFunc {
	return completeWords(func() []string { return listWords(running, wire.MethodKeyList, keyWord) })
}

func keyWord(k wire.Key) string { return cobra.CompletionWithDesc(k.Name, k.AccessKeyID) }

func completeDevices(running caller) cobra.CompletionFunc {
	word := func(d wire.Device) string { return cobra.CompletionWithDesc(d.Name, d.Serial) }
	return completeWords(func() []string { return listWords(running, wire.MethodDeviceList, word) })
}

func completeSerials(running caller) cobra.CompletionFunc {
	word := func(d wire.Device) string { return cobra.CompletionWithDesc(d.Serial, d.Name) }
	return completeWords(func() []string { return listWords(running, wire.MethodDeviceList, word) })
}

// completeSources are profiles and access keys.
func completeSources(c *cli) cobra.CompletionFunc {
	return completeWords(func() []string {
		return append(profileWords(c.getenv), listWords(c.callRunning, wire.MethodKeyList, keyWord)...)
	})
}

// listWords are the words for a list of the agent.
func listWords[T any](running caller, method string, word func(T) string) []string {
	var words []string
	for _, item := range atTab[[]T](running, method, completionDeadline) {
		words = append(words, word(item))
	}
	return words
}

// atTab asks a running agent. It starts none, and it shows no error: a person
// pressed Tab, and waits.
func atTab[T any](running caller, method string, patience time.Duration) T {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var answer, none T
	if err := running(ctx, method, nil, &answer); err != nil {
		return none
	}
	return answer
}

// known is what this machine knows that a hint can say instead of a placeholder. It
// is best effort: what cannot be found out stays a placeholder.
type known struct {
	getenv  func(string) string
	running caller
}

func newKnown(c *cli) known { return known{c.getenv, c.callRunning} }

// serials are those that profiles name and no device of the vault has.
func (k known) serials() []string {
	paths, err := config.DefaultPaths(k.getenv)
	if err != nil {
		return nil
	}
	reader := config.NewReader(paths, k.getenv)
	profiles, _ := reader.Profiles()
	var found []string
	for _, p := range profiles {
		q := config.Query{Profile: p.Name, HasKey: func(string) bool { return true }}
		chain, err := reader.Resolve(q)
		if err != nil {
			continue
		}
		for _, step := range chain.Steps[1:] {
			if serial := step.Exchange().Serial.Text; serial != "" {
				found = append(found, serial)
			}
		}
	}
	slices.Sort(found)
	found = slices.Compact(found)
	taken := atTab[[]wire.Device](k.running, wire.MethodDeviceList, completionDeadline)
	return slices.DeleteFunc(found, func(serial string) bool {
		return slices.ContainsFunc(taken, func(d wire.Device) bool { return d.Serial == serial })
	})
}

// serial is the only one of those, or else the word for one.
func (k known) serial() string { return only(k.serials(), "ARN") }

// key is the name of the vault's only access key, or else the word for one.
func (k known) key() string {
	var names []string
	for _, key := range atTab[[]wire.Key](k.running, wire.MethodKeyList, completionDeadline) {
		names = append(names, key.Name)
	}
	return only(names, "KEY")
}

// profile is the command that adds a profile, with what is known of it. A device
// that is given stands in the place of the vault's.
func (k known) profile(device string) string {
	return fmt.Sprintf(`Run "mfad profile add PROFILE --role-arn ARN --source %s --mfa-serial %s".`, k.key(), cmp.Or(device, k.deviceSerial()))
}

// afterKey is what comes next when a key is in the vault: an MFA device, or else a
// profile.
func (k known) afterKey(key string) string {
	devices := atTab[[]wire.Device](k.running, wire.MethodDeviceList, completionDeadline)
	if len(devices) == 0 {
		return fmt.Sprintf(`"mfad device add NAME --serial %s"`, k.serial())
	}
	return fmt.Sprintf(`"mfad profile add PROFILE --role-arn ARN --source %s --mfa-serial %s"`, key, k.deviceSerial())
}

// deviceSerial is that of the vault's only device with one, or else the word for one.
func (k known) deviceSerial() string {
	var serials []string
	for _, d := range atTab[[]wire.Device](k.running, wire.MethodDeviceList, completionDeadline) {
		if d.Serial != "" {
			serials = append(serials, d.Serial)
		}
	}
	return only(serials, "ARN")
}

func only(all []string, word string) string {
	if len(all) == 1 {
		return all[0]
	}
	return word
}
