// Package manpages writes the manual pages of a tree of commands: one for each
// verb and each help topic, made of the same words as its --help.
//
// The text of our verbs is plain, with lines broken by hand and indented
// examples, and no Markdown; so a page is written as roff here, and cobra's own
// generator, which takes text for Markdown, is not used. The hidden verb that
// calls [Write] serves `make man`.
package manpages

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// section is the section of the manual that all pages are in: user commands.
const section = "1"

// Write writes a page for each command below root that is not hidden, and for
// root, into the folder dir, which it makes. Source is the program and its
// version, for the pages' footers.
func Write(dir string, root *cobra.Command, source string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the folder of the manual pages: %w", err)
	}
	for _, cmd := range listVisible(root) {
		if err := os.WriteFile(filepath.Join(dir, FileName(cmd)), []byte(formatPage(cmd, source)), 0o644); err != nil {
			return fmt.Errorf("writing a manual page: %w", err)
		}
	}
	return nil
}

// FileName is the name of a command's page: "mfad-key-import.1".
func FileName(cmd *cobra.Command) string { return pageTitle(cmd) + "." + section }

func pageTitle(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// listVisible are a command and all below it, without those that are hidden, and
// without cobra's verb help, which shows what the pages show.
func listVisible(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, below := range cmd.Commands() {
		if !below.Hidden && below.Name() != "help" {
			all = append(all, listVisible(below)...)
		}
	}
	return all
}

// formatPage is the roff of one page; see man(7) and groff_man(7).
func formatPage(cmd *cobra.Command, source string) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH \"%s\" \"%s\" \"\" \"%s\" \"mfad manual\"\n", escape(strings.ToUpper(pageTitle(cmd))), section, escape(source))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", escape(pageTitle(cmd)), escape(cmd.Short))
	if !cmd.IsAdditionalHelpTopicCommand() {
		arguments := strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath())
		if cmd.HasAvailableSubCommands() {
			arguments = " COMMAND"
		}
		fmt.Fprintf(&b, ".SH SYNOPSIS\n\\fB%s\\fR%s\n", escape(cmd.CommandPath()), escape(arguments))
	}
	b.WriteString(".SH DESCRIPTION\n" + formatProse(cmp.Or(cmd.Long, cmd.Short+".")))
	writeCommands(&b, cmd)
	writeOptions(&b, cmd)
	if cmd.Example != "" {
		b.WriteString(".SH EXAMPLES\n" + formatVerbatim(cmd.Example))
	}
	writeSeeAlso(&b, cmd)
	return b.String()
}

// formatProse sets paragraphs; one that has an indented line stays as it is.
func formatProse(text string) string {
	var b strings.Builder
	for i, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			b.WriteString(".PP\n")
		}
		if strings.HasPrefix(paragraph, " ") || strings.Contains(paragraph, "\n ") {
			b.WriteString(formatVerbatim(paragraph))
			continue
		}
		b.WriteString(formatLines(paragraph))
	}
	return b.String()
}

func formatVerbatim(text string) string { return ".EX\n" + formatLines(text) + ".EE\n" }

// formatLines escapes text line by line, so that none is taken for a request.
func formatLines(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = escape(strings.TrimRight(line, "\n"))
		if strings.HasPrefix(line, ".") {
			line = `\&` + line
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// escape has roff show each character as it is: what is typed into a shell must
// come out of the page so that it can be pasted.
var escape = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, `"`, `\(dq`).Replace

// writeCommands lists the verbs below a verb, by their groups if they have some.
func writeCommands(b *strings.Builder, cmd *cobra.Command) {
	if !cmd.HasAvailableSubCommands() {
		return
	}
	b.WriteString(".SH COMMANDS\n")
	for _, group := range append(cmd.Groups(), &cobra.Group{}) {
		first := true
		for _, below := range cmd.Commands() {
			if below.GroupID != group.ID || !below.IsAvailableCommand() {
				continue
			}
			if first && group.Title != "" {
				fmt.Fprintf(b, ".SS %s\n", escape(strings.TrimSuffix(group.Title, ":")))
			}
			first = false
			fmt.Fprintf(b, ".TP\n\\fB%s\\fR(%s)\n%s\n", escape(pageTitle(below)), section, escape(below.Short))
		}
	}
}

// writeOptions lists the flags of a verb.
func writeOptions(b *strings.Builder, cmd *cobra.Command) {
	if cmd.IsAdditionalHelpTopicCommand() {
		return
	}
	cmd.InitDefaultHelpFlag()
	b.WriteString(".SH OPTIONS\n")
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		b.WriteString(".TP\n")
		if f.Shorthand != "" {
			fmt.Fprintf(b, "\\fB%s\\fR, ", escape("-"+f.Shorthand))
		}
		value, usage := pflag.UnquoteUsage(f)
		fmt.Fprintf(b, "\\fB%s\\fR", escape("--"+f.Name))
		if value != "" {
			fmt.Fprintf(b, " \\fI%s\\fR", escape(value))
		}
		switch f.DefValue {
		case "", "0", "false", "[]":
		default:
			usage += fmt.Sprintf(" (default %s)", f.DefValue)
		}
		b.WriteString("\n" + formatLines(usage))
	})
}

// writeSeeAlso names the page above, and the topics of the whole program.
func writeSeeAlso(b *strings.Builder, cmd *cobra.Command) {
	var others []string
	if cmd.HasParent() {
		others = append(others, pageTitle(cmd.Parent()))
	}
	for _, topic := range cmd.Root().Commands() {
		if topic.IsAdditionalHelpTopicCommand() && !topic.Hidden && topic != cmd {
			others = append(others, pageTitle(topic))
		}
	}
	if len(others) == 0 {
		return
	}
	b.WriteString(".SH SEE ALSO\n")
	for i, other := range others {
		end := ","
		if i == len(others)-1 {
			end = ""
		}
		fmt.Fprintf(b, ".BR %s (%s)%s\n", escape(other), section, end)
	}
}
