package main

import (
	"context"
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
