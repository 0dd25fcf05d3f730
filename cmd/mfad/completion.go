package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
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
profiles of the files, and, while the agent runs, devices, keys, slots and sessions.`,
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
	var v wire.Vault
	ctx, cancel := context.WithTimeout(context.Background(), completionDeadline)
	defer cancel()
	if err := c.callRunning(ctx, wire.MethodVaultShow, nil, &v); err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var ids []string
	for _, s := range v.Slots {
		ids = append(ids, cobra.CompletionWithDesc(s.ID, s.Kind+" "+s.Label))
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
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
