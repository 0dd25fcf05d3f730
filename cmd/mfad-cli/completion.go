package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

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
		Args:      argCount(1, 1),
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
