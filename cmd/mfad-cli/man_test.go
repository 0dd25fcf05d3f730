package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/cmd/mfad-cli/internal/manpages"
)

func TestEveryVerbHasAManualPageWithASynopsis(t *testing.T) {
	dir := t.TempDir()
	root := rootCommand(testCLI())
	if err := manpages.Write(dir, root, "mfad test"); err != nil {
		t.Fatal(err)
	}
	verbs := 0
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, below := range cmd.Commands() {
			walk(below)
		}
		if cmd.Hidden || !cmd.Runnable() {
			return
		}
		verbs++
		text, err := os.ReadFile(filepath.Join(dir, manpages.FileName(cmd)))
		switch synopsis := ".SH SYNOPSIS\n\\fB" + strings.ReplaceAll(cmd.CommandPath(), "-", `\-`) + "\\fR"; {
		case err != nil:
			t.Error(err)
		case !strings.Contains(string(text), synopsis):
			t.Errorf("%s: no synopsis in\n%s", cmd.CommandPath(), text)
		case strings.Contains(string(text), "mfad-cli"), !strings.HasPrefix(cmd.CommandPath(), "mfad"):
			t.Errorf("%s: the page names another program than mfad", cmd.CommandPath())
		}
	}
	walk(root)
	if verbs < 40 {
		t.Errorf("only %d verbs", verbs)
	}
}
