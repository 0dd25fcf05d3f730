package cmd_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/mfad/mfad/agent/wire"
)

// The real agent: what the door prints is what mfad-cli prints, and what it
// does not print leaves no trace but mfad-cli's.
func TestDoorAnswersFromTheCacheAndLeavesNoOtherTrace(t *testing.T) {
	t.Parallel()
	h := newHome(t).furnish()
	d := newDoor(t, append(h.env, "MFAD_SOCKET="+h.path(".local/state/mfad/run/agent.sock")))
	line := []string{"credentials", "--profile", "prod"}
	quiet := func(when string) {
		t.Helper()
		before := h.audit()
		d.handsOver(line...)
		if after := h.audit(); after != before {
			t.Errorf("%s: the audit file grew by %q", when, strings.TrimPrefix(after, before))
		}
		var status wire.Status
		if err := json.Unmarshal([]byte(h.do("", "status", "--json")), &status); err != nil || len(status.Faults) != 0 {
			t.Errorf("%s: status shows %+v, %v", when, status.Faults, err)
		}
	}
	quiet("cold")
	for range 20 {
		d.handsOver(line...)
	}
	if n := len(h.aws.Journal()); n != 0 {
		t.Errorf("doors had %d requests sent to AWS", n)
	}

	want := run(t, h.env, "", program(t, "mfad-cli"), line...)
	if want.code != 0 || want.stderr != "" {
		t.Fatal(want)
	}
	before := h.audit()
	d.serves(want.stdout, line...)
	grown := strings.Split(strings.TrimPrefix(h.audit(), before), "\n")
	granted := strings.Contains(grown[0], `"msg":"credentials","verdict":"granted"`) && strings.Contains(grown[0], `"profile":"prod"`)
	if len(grown) != 2 || !granted {
		t.Errorf("the audit file grew by %q", grown)
	}
	d.serves(want.stdout, "credentials", "--profile=prod")
	if n := h.aws.Count("AssumeRole"); n != 1 {
		t.Errorf("%d calls of AssumeRole, want 1", n)
	}
	h.do("", "lock")
	quiet("locked")
}

func (h *home) audit() string {
	h.Helper()
	text, err := os.ReadFile(h.path(".local/state/mfad/audit.log"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // it begins with the first line
		h.Fatal(err)
	}
	return string(text)
}

// Nobody can tell whether it was mfad or mfad-cli that was called.
func TestDoorIsItsClientToTheByte(t *testing.T) {
	t.Parallel()
	h := newHome(t).furnish()
	h.do("", "credentials", "--profile", "prod")
	for _, args := range [][]string{
		{"credentials", "--profile", "prod"},
		{"credentials", "--profile=prod"},
		{"credentials", "--profile", "none"},
		{"credentials", "--profile", "a b"},
		{"credentials", "--profile"},
		{"credentials", "prod"},
		{"credentials", "--help"},
		{"--help"},
		{"nonsense"},
		{"status", "--nonsense"},
		{"version"},
		{"completion", "bash"},
		{"profile", "show", "prod"},
		{"exec", "--profile", "prod", "--", "sh", "-c", "exit 7"},
		{"exec", "--profile", "prod", "--", "/nonexistent"},
	} {
		asDoor, asClient := h.mfad("", args...), run(t, h.env, "", program(t, "mfad-cli"), args...)
		if asDoor != asClient {
			t.Errorf("mfad %q: %v\nmfad-cli: %v", args, asDoor, asClient)
		}
		if strings.Contains(asDoor.stdout+asDoor.stderr, "mfad-cli") {
			t.Errorf("mfad %q tells of mfad-cli: %v", args, asDoor)
		}
	}
}

// A standard output that takes nothing ends both in the same way: by the same
// words, or by the same signal.
func TestDoorFailsToWriteAsItsClientDoes(t *testing.T) {
	t.Parallel()
	h := newHome(t).furnish()
	h.do("", "credentials", "--profile", "prod")
	full := must(os.OpenFile("/dev/full", os.O_WRONLY, 0))(t)
	defer full.Close()
	r, broken := pipe(t)
	defer broken.Close()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for _, out := range []*os.File{full, broken} {
		var ends []string
		for _, name := range []string{"mfad", "mfad-cli"} {
			var stderr strings.Builder
			cmd := exec.Command(program(t, name), "credentials", "--profile", "prod")
			cmd.Env, cmd.Stdout, cmd.Stderr = h.env, out, &stderr
			err := cmd.Run()
			if err == nil {
				t.Errorf("%s to %s: no error", name, out.Name())
			}
			ends = append(ends, cmd.ProcessState.String()+": "+stderr.String())
		}
		if slices.Sort(ends); ends[0] != ends[1] {
			t.Errorf("to %s: %q", out.Name(), ends)
		}
	}
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

// The terminal's interrupt, at a question that mfad-cli asks in the door's
// place: the question is dismissed, or the process ends by the signal when it
// asks no more.
func TestInterruptEndsTheQuestionBehindTheDoor(t *testing.T) {
	t.Parallel()
	h := newHome(t).furnish()
	h.do("", "agent", "restart")
	at := h.terminal("credentials", "--profile", "prod")
	at.shows(`passphrase of vault "default": `)
	at.types("\x03")
	r := at.result()
	signaled := at.cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() == syscall.SIGINT
	if r.stdout != "" || r.code != 3 && !signaled {
		t.Error(r, at.cmd.ProcessState)
	}
}

func TestDoorAloneSaysWhatToInstall(t *testing.T) {
	t.Parallel()
	alone := filepath.Join(t.TempDir(), "mfad")
	copyProgram(t, program(t, "mfad"), alone)
	r := run(t, []string{"PATH=" + filepath.Dir(program(t, "mfad-cli"))}, "", alone, "status")
	expect(t, r, 1, "mfad-cli", "Install mfad-cli beside mfad")
}

// What people and config files know is mfad, by whatever link it is called.
func TestConfigFilesNameTheDoor(t *testing.T) {
	t.Parallel()
	links := t.TempDir()
	for _, name := range []string{"mfad", "m"} {
		if err := os.Symlink(program(t, "mfad"), filepath.Join(links, name)); err != nil {
			t.Fatal(err)
		}
	}
	installed := program(t, "mfad")
	for name, row := range map[string]struct{ called, path, want string }{
		"by its path":                 {installed, "/usr/bin:/bin", installed},
		"by a link that PATH has":     {filepath.Join(links, "mfad"), links, filepath.Join(links, "mfad")},
		"by a link of another name":   {filepath.Join(links, "m"), "/usr/bin:/bin", installed},
		"another name, found in PATH": {filepath.Join(links, "m"), links, filepath.Join(links, "mfad")},
		"mfad-cli itself":             {program(t, "mfad-cli"), "/usr/bin:/bin", installed},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			env := []string{"HOME=" + home, "PATH=" + row.path}
			const role = "arn:aws:iam::123456789012:role/prod"
			r := run(t, env, "", row.called, "profile", "add", "prod", "--role-arn", role, "--source", "base")
			if r.code != 0 {
				t.Fatal(r)
			}
			text := must(os.ReadFile(filepath.Join(home, ".aws", "config")))(t)
			if want := "credential_process = " + row.want + " credentials --profile prod\n"; !strings.Contains(string(text), want) {
				t.Errorf("want %q, got:\n%s", want, text)
			}
		})
	}
}
