package closed_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mfad/mfad/internal/closed"
	"github.com/mfad/mfad/internal/proctest"
)

// roleVariable makes the test binary a program that starts closed, or one that
// runs a copy of itself.
const roleVariable = "MFAD_TEST_CLOSED"

// nobody is the user that the tests become when they run as root, who may read
// every file.
const nobody = 65534

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "restart":
		late, err := closed.FromStart()
		tell(late, err)
	case "copy":
		fmt.Println(runCopy(os.Args[0]))
	case "copy by a short name":
		fmt.Println(runCopy("mfad"))
	case "copy of":
		fmt.Println(copyOf(os.Args[1]))
	case "told":
		tell(nil, nil)
	default:
		os.Exit(m.Run())
	}
}

// tell says what the process is.
func tell(late, err error) {
	dumpable, dumpErr := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	self, selfErr := closed.Executable()
	name, nameErr := os.ReadFile("/proc/self/comm")
	runs, _ := os.Readlink("/proc/self/exe")
	fmt.Printf("open %t, copy %t, late %v, program %s, ps %s, args %q, %v\n", dumpable == 1, strings.HasPrefix(runs, "/memfd:"), late, self,
		strings.TrimSpace(string(name)), os.Args[1:], errors.Join(err, dumpErr, selfErr, nameErr))
}

// runCopy runs a copy of this program under a name, having tried to read and
// change it.
func runCopy(name string) string {
	program, err := closed.Copy("/proc/self/exe")
	if err != nil {
		return err.Error()
	}
	defer program.Close()
	if f, err := os.Open(closed.Path(program)); err == nil {
		f.Close()
		return "the copy can be read"
	}
	for what, err := range map[string]error{
		"written": writeAt(program), "cut": program.Truncate(1), "longer": program.Truncate(1 << 30), "opened again": seal(program),
	} {
		if err == nil {
			return "the copy can be " + what
		}
	}
	cmd := exec.Command(closed.Path(program))
	cmd.Args[0] = name
	cmd.Env = []string{roleVariable + "=told"}
	out, err := cmd.CombinedOutput()
	return fmt.Sprint(strings.TrimSpace(string(out)), " ", err)
}

func writeAt(program *os.File) error {
	_, err := program.WriteAt([]byte{0}, 0)
	return err
}

// seal adds one more seal, which is none that counts.
func seal(program *os.File) error {
	_, err := unix.FcntlInt(program.Fd(), unix.F_ADD_SEALS, 0)
	return err
}

// copyOf says why a file is not copied, and which copies and files of path are
// left open.
func copyOf(path string) string {
	f, err := closed.Copy(path)
	if err == nil {
		defer f.Close()
	}
	all, globErr := filepath.Glob("/proc/self/fd/*")
	if globErr != nil {
		panic(globErr)
	}
	open := 0
	for _, fd := range all {
		if to, _ := os.Readlink(fd); to == path || strings.HasPrefix(to, "/memfd:") {
			open++
		}
	}
	return fmt.Sprintf("%v, %d open", err, open)
}

// played runs the test binary in a role, as an ordinary user, and returns what
// it says and where it stands.
func played(t *testing.T, role string, args ...string) (said, path string) {
	t.Helper()
	cmd := player(t, role, args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out)), cmd.Path
}

// player is the test binary in a role, as an ordinary user.
func player(t *testing.T, role string, args ...string) *exec.Cmd {
	t.Helper()
	dir := proctest.Folder(t)
	path := filepath.Join(dir, "program")
	self, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(path, self, 0o755)
	}
	if err = errors.Join(err, os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = []string{roleVariable + "=" + role}
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd
}

func TestProgramIsClosedFromItsStart(t *testing.T) {
	said, path := played(t, "restart", "a", "b c")
	if want := `open false, copy true, late <nil>, program ` + path + `, ps program, args ["a" "b c"], <nil>`; said != want {
		t.Errorf("it says %s\nwant %s", said, want)
	}
}

func TestCopyIsClosedAndCannotBeReadOrChanged(t *testing.T) {
	said, path := played(t, "copy")
	if !strings.HasPrefix(said, "open false, copy true, ") || !strings.Contains(said, ", program "+path+", ") || !strings.HasSuffix(said, " <nil>") {
		t.Errorf("it says %s", said)
	}
}

func TestOnlyAProgramIsCopied(t *testing.T) {
	dir := proctest.Folder(t)
	script, empty := filepath.Join(dir, "script"), filepath.Join(dir, "empty")
	if err := errors.Join(os.WriteFile(script, []byte("#!/bin/sh\n"), 0o700), os.WriteFile(empty, nil, 0o700), os.Chmod(dir, 0o755),
		os.Chmod(script, 0o755), os.Chmod(empty, 0o755)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		script:                        script + " is no ELF program, 0 open",
		empty:                         empty + " is no ELF program, 0 open",
		filepath.Join(dir, "missing"): "open " + filepath.Join(dir, "missing") + ": no such file or directory, 0 open",
		"/proc/self/exe":              "<nil>, 1 open",
	} {
		if said, _ := played(t, "copy of", path); said != want {
			t.Errorf("it says %s\nwant %s", said, want)
		}
	}
}

// Nothing keeps out who may read every file: such a user gets no copy, and the
// program runs as it is.
func TestRootRunsTheProgramItself(t *testing.T) {
	proctest.Root(t)
	cmd := player(t, "restart")
	cmd.SysProcAttr = nil
	out, err := cmd.CombinedOutput()
	if want := "open false, copy false, late <nil>, program " + cmd.Path + ", ps program, args [], <nil>"; strings.TrimSpace(string(out)) != want || err != nil {
		t.Errorf("it says %s, %v\nwant %s", out, err, want)
	}
	if said := copyOf("/proc/self/exe"); said != "this user may read every file, 0 open" {
		t.Errorf("a copy: %s", said)
	}
}

// A program that cannot be copied, or cannot see who traces it, says so.
func TestProgramSaysWhatKeepsItOpen(t *testing.T) {
	proctest.Root(t)
	full := player(t, "restart")
	full.Args = []string{"sh", "-c", `ulimit -n 3; exec "$0"`, full.Path}
	full.Path = "/bin/sh"
	blind := player(t, "restart")
	if os.Getuid() == 0 {
		blind.SysProcAttr.Chroot = filepath.Dir(blind.Path)
		blind.Path, blind.Dir = "/program", "/"
	}
	for name, row := range map[string]struct {
		cmd  *exec.Cmd
		want []string
	}{
		"without room for a file": {full, []string{"late memfd_create: too many open files", "looking for a tracer: /proc shows no thread"}},
		"without /proc":           {blind, []string{"late readlink /proc/self/exe", "program , ", "looking for a tracer: /proc shows no thread"}},
	} {
		out, err := row.cmd.CombinedOutput()
		for _, want := range row.want {
			if err != nil || !strings.Contains(string(out), want) {
				t.Errorf("%s: %q is not in %s, %v", name, want, out, err)
			}
		}
	}
}

// The first argument is whatever a caller says. It names our program only in a
// copy, which has no other name.
func TestFirstArgumentNamesACopyAlone(t *testing.T) {
	cmd := player(t, "told")
	cmd.Args[0] = "/bin/sh"
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), ", program "+cmd.Path+", ") {
		t.Errorf("it says %s, %v", out, err)
	}
	if said, _ := played(t, "copy by a short name"); strings.Contains(said, ", program "+filepath.Dir(os.Args[0])) ||
		!strings.Contains(said, "no such file") {
		t.Errorf("a copy without a path says %s", said)
	}
}

func TestTracerIsNoticed(t *testing.T) {
	runtime.LockOSThread() // a tracer is a thread
	defer runtime.UnlockOSThread()
	want := fmt.Sprintf(", process %d traces this one and could read its secrets", unix.Gettid())
	if said := proctest.Traced(t, player(t, "restart")); !strings.Contains(said, want) {
		t.Errorf("it says %q, want %q", said, want)
	}
}
