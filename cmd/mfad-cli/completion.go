package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc/config"
)

// completionDeadline is what a person who pressed Tab can be asked to wait.
const completionDeadline = 300 * time.Millisecond

func completionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print the completion script of a shell",
		Long: `Print the completion script of a shell. It completes verbs and flags, the
profiles of the files, and, while the agent runs, devices, keys, slots,
sessions and tokens.`,
		Example: `  source <(mfad completion bash)                                          # in ~/.bashrc
  mfad completion zsh > "${fpath[1]}/_mfad"
  mfad completion fish > ~/.config/fish/completions/mfad.fish
  mfad completion powershell | Out-String | Invoke-Expression             # in $PROFILE`,
		Args:      takes(1, 1),
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			out := cmd.OutOrStdout()
			switch root := cmd.Root(); args[0] {
			case "bash":
				return bashCompletion(root, out)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(out)
			}
			return misuse(cmd, fmt.Errorf("there is no completion for %.40q", args[0]))
		},
	}
}

// withoutPackage are the functions of the bash-completion package that cobra's
// script calls, for shells that have not loaded it: the words of the line up to
// the cursor; for files bash's own completion, which comes when we offer nothing.
const withoutPackage = `
__mfad_words()
{
    if declare -F _get_comp_words_by_ref >/dev/null; then
        _get_comp_words_by_ref "$@"
        return
    fi
    local line=${COMP_LINE:0:COMP_POINT}
    read -ra words <<<"$line"
    [[ $line == *[[:blank:]] ]] && words+=("")
    cword=$((${#words[@]} - 1))
    cur=${words[cword]}
    prev=${words[cword - 1]}
}

__mfad_files()
{
    if declare -F _filedir >/dev/null; then
        _filedir "$@"
    fi
}
`

func bashCompletion(root *cobra.Command, out io.Writer) error {
	var script bytes.Buffer
	if err := root.GenBashCompletionV2(&script, true); err != nil {
		return err
	}
	own := strings.NewReplacer("_get_comp_words_by_ref", "__mfad_words", "_filedir", "__mfad_files")
	_, err := io.WriteString(out, own.Replace(script.String())+withoutPackage)
	return err
}

// profileFlag declares --profile, completed from the files.
func (c *cli) profileFlag(cmd *cobra.Command, profile *string) {
	cmd.Flags().StringVar(profile, "profile", "", "the profile")
	_ = cmd.RegisterFlagCompletionFunc("profile", c.completeProfiles)
}

// completeOne completes the first argument alone.
func (c *cli) completeOne(complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, prefix)
	}
}

// completeProfiles reads the files itself: that is fast, and needs no agent.
func (c *cli) completeProfiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	paths, err := config.DefaultPaths(c.getenv)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	profiles, _ := config.NewReader(paths, c.getenv).Profiles()
	var names []string
	for _, p := range profiles {
		names = append(names, cobra.CompletionWithDesc(p.Name, p.RoleARN))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (c *cli) completeKeys(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return completeFrom(c, wire.MethodKeyList, func(k wire.Key) string { return cobra.CompletionWithDesc(k.Name, k.AccessKeyID) })
}

func (c *cli) completeDevices(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return completeFrom(c, wire.MethodDeviceList, func(d wire.Device) string { return cobra.CompletionWithDesc(d.Name, d.Serial) })
}

func (c *cli) completeSerials(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return completeFrom(c, wire.MethodDeviceList, func(d wire.Device) string { return cobra.CompletionWithDesc(d.Serial, d.Name) })
}

// completeSources are profiles and access keys.
func (c *cli) completeSources(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	profiles, directive := c.completeProfiles(cmd, args, prefix)
	keys, _ := c.completeKeys(cmd, args, prefix)
	return append(profiles, keys...), directive
}

func (c *cli) completeSessions(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return completeFrom(c, wire.MethodSessionList, func(s wire.Session) string { return cobra.CompletionWithDesc(s.ID, s.Identity) })
}

func (c *cli) completeSlots(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return slotWords(c.askSlots()), cobra.ShellCompDirectiveNoFileComp
}

// completeWaysIn are slots, and the kinds that the vault has.
func (c *cli) completeWaysIn(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	slots := c.askSlots()
	words := slotWords(slots)
	kinds := slotKinds(slots)
	slices.Sort(kinds)
	for _, kind := range slices.Compact(kinds) {
		if !slices.ContainsFunc(slots, func(s wire.Slot) bool { return s.ID == kind }) {
			words = append(words, kind)
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// completeTokenSlots are the slots that a token opens.
func (c *cli) completeTokenSlots(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	slots := slices.DeleteFunc(c.askSlots(), func(s wire.Slot) bool { return s.Identity == "" })
	return slotWords(slots), cobra.ShellCompDirectiveNoFileComp
}

// askSlots asks a running agent for the vault's slots.
func (c *cli) askSlots() []wire.Slot {
	var v wire.Vault
	ctx, cancel := context.WithTimeout(context.Background(), completionDeadline)
	defer cancel()
	if err := c.callRunning(ctx, wire.MethodVaultShow, nil, &v); err != nil {
		return nil
	}
	return v.Slots
}

func slotWords(slots []wire.Slot) []string {
	var words []string
	for _, s := range slots {
		words = append(words, cobra.CompletionWithDesc(s.ID, strings.TrimSpace(s.Kind+" "+cmp.Or(s.Label, s.Token))))
	}
	return words
}

// completeFrom asks a running agent for a list. It starts none, and it shows
// no error: a person pressed Tab.
func completeFrom[T any](c *cli, method string, word func(T) string) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(context.Background(), completionDeadline)
	defer cancel()
	var list []T
	if err := c.callRunning(ctx, method, nil, &list); err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var words []string
	for _, item := range list {
		words = append(words, word(item))
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}
