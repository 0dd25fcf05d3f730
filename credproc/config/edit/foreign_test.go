package edit

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mfad/mfad/credproc/config"
)

// awsCLI is the judge of what we write: Debian's AWS CLI, and with it botocore.
const awsCLI = "/usr/bin/aws"

// aws runs the AWS CLI on the editor's files and nothing else.
func aws(t *testing.T, paths config.Paths, args ...string) string {
	t.Helper()
	if _, err := os.Stat(awsCLI); err != nil {
		t.Fatalf("%v: install the Debian package awscli", err)
	}
	cmd := exec.Command(awsCLI, args...)
	cmd.Env = []string{
		"PATH=/usr/bin:/bin", "HOME=" + t.TempDir(), "AWS_CONFIG_FILE=" + paths.Config,
		"AWS_SHARED_CREDENTIALS_FILE=" + paths.Credentials, "AWS_EC2_METADATA_DISABLED=true",
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("aws %s: %v", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out))
}

func TestAWSCLIReadsWhatWeWrite(t *testing.T) {
	e := editing(t, "", "# top\r\n[default]\r\nregion = us-east-1\r\n\r\n[profile p]\r\nrole_arn = "+admin+"\r\nregion = eu-west-1 \r\nsource_profile = base\r\ns3 =\r\n  max_queue_size = 7\r\n", "")
	if _, err := adoptP(e); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Add(t.Context(), NewProfile{Name: "team/a@b.c+d:e", Settings: []Setting{{config.KeyAccessKey, "k"}}, Region: "eu-north-1", Output: "text"}); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Fields(aws(t, e.Paths, "configure", "list-profiles")), []string{"default", "p", "team/a@b.c+d:e"}; cmp.Diff(want, got) != "" {
		t.Errorf("profiles %q, want %q", got, want)
	}
	for _, c := range []struct{ profile, key, want string }{
		{"p", "region", "eu-west-1"},
		{"p", "credential_process", "/usr/bin/mfad credentials --profile p"},
		{"p", "s3.max_queue_size", "7"},
		{"team/a@b.c+d:e", "credential_process", "/usr/bin/mfad credentials --profile team/a@b.c+d:e"},
		{"team/a@b.c+d:e", "output", "text"},
	} {
		if got := aws(t, e.Paths, "configure", "get", c.key, "--profile", c.profile); got != c.want {
			t.Errorf("%s of %s is %q, want %q", c.key, c.profile, got, c.want)
		}
	}
}

// A path may hold what a shell or botocore's split would take apart.
func TestProcessLineNamesOneProgramForShellAndBotocore(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "my tools", `it's "$HOME" \1`)
	if err := os.MkdirAll(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(bin, "mfad")
	const script = "#!/bin/sh\necho '{\"Version\":1,\"AccessKeyId\":\"AKIA'\"$1$3\"'\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\",\"Expiration\":\"2126-01-02T03:04:05Z\"}'\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	e := editing(t, "", "", "")
	e.Program = program
	if _, err := e.Add(t.Context(), NewProfile{Name: "p", Settings: []Setting{{config.KeyAccessKey, "k"}}}); err != nil {
		t.Fatal(err)
	}
	line := aws(t, e.Paths, "configure", "get", "credential_process", "--profile", "p")
	out, err := exec.Command("sh", "-c", line).Output()
	if err != nil || !strings.Contains(string(out), "AKIAcredentialsp") {
		t.Errorf("sh -c %s: %v: %s", line, err, out)
	}
	out, err = exec.Command("python3", "-c", "import json, shlex, sys; json.dump(shlex.split(sys.argv[1]), sys.stdout)", line).Output()
	var words []string
	if err == nil {
		err = json.Unmarshal(out, &words)
	}
	if diff := cmp.Diff([]string{program, "credentials", "--profile", "p"}, words); err != nil || diff != "" {
		t.Errorf("shlex (-want +got) %v:\n%s", err, diff)
	}
	if diff := cmp.Diff(words, config.SplitWords(line)); diff != "" {
		t.Errorf("our own split (-shlex +ours):\n%s", diff)
	}
	if got := aws(t, e.Paths, "configure", "list", "--profile", "p"); !strings.Contains(got, "custom-process") {
		t.Errorf("the AWS CLI did not run it:\n%s", got)
	}
}
