package manpages_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/cmd/mfad-cli/internal/manpages"
)

func TestAPageShowsWhatAPersonMayType(t *testing.T) {
	var token string
	copies := &cobra.Command{
		Use:     "copy NAME",
		Short:   "Copy it",
		Long:    "Copy it.\n.this is no request, nor is 'this\n\n  as    it\n  stands",
		Example: `  tool copy a\b --token 1`,
		Run:     func(*cobra.Command, []string) {},
	}
	copies.Flags().StringVar(&token, "token", "auto", "the `serial` number")
	root := &cobra.Command{Use: "tool", Short: "A tool"}
	hidden := &cobra.Command{Use: "secret", Hidden: true, Run: copies.Run}
	root.AddCommand(copies, hidden, &cobra.Command{Use: "topic", Short: "Words", Long: "Words."})
	dir := filepath.Join(t.TempDir(), "man")
	if err := manpages.Write(dir, root, "tool 1"); err != nil {
		t.Fatal(err)
	}
	const want = `.TH "TOOL\-COPY" "1" "" "tool 1" "mfad manual"
.SH NAME
tool\-copy \- Copy it
.SH SYNOPSIS
\fBtool copy\fR NAME [flags]
.SH DESCRIPTION
Copy it.
\&.this is no request, nor is \(aqthis
.PP
.EX
  as    it
  stands
.EE
.SH OPTIONS
.TP
\fB\-h\fR, \fB\-\-help\fR
help for copy
.TP
\fB\-\-token\fR \fIserial\fR
the serial number (default auto)
.SH EXAMPLES
.EX
  tool copy a\eb \-\-token 1
.EE
.SH SEE ALSO
.BR tool (1),
.BR tool\-topic (1)
`
	if got, err := os.ReadFile(filepath.Join(dir, "tool-copy.1")); err != nil || string(got) != want {
		t.Errorf("%v; got\n%s", err, got)
	}
	if _, err := os.Stat(filepath.Join(dir, "tool-secret.1")); err == nil {
		t.Error("a hidden verb has a page")
	}
	topic, err := os.ReadFile(filepath.Join(dir, "tool-topic.1"))
	if err != nil || strings.Contains(string(topic), "SYNOPSIS") {
		t.Errorf("the topic's page: %v\n%s", err, topic)
	}
}
