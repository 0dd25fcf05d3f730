package closed_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mfad/mfad/internal/closed"
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
		fmt.Println(runCopy())
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
	fmt.Printf("open %t, late %v, program %s, ps %s, args %q, %v\n", dumpable == 1, late, self, strings.TrimSpace(string(name)),
		os.Args[1:], errors.Join(err, dumpErr, selfErr, nameErr))
}

// runCopy runs a copy of this program, having tried to read and change it.
func runCopy() string {
	program, err := closed.Copy("/proc/self/exe")
	if err != nil {
		return err.Error()
	}
	defer program.Close()
	if f, err := os.Open(closed.Path(program)); err == nil {
		f.Close()
		return "the copy can be read"
	}
	if _, err := program.WriteAt([]byte{0}, 0); err == nil {
		return "the copy can be changed"
	}
	cmd := exec.Command(closed.Path(program))
	cmd.Args[0] = os.Args[0]
	cmd.Env = []string{roleVariable + "=told"}
	out, err := cmd.CombinedOutput()
	return fmt.Sprint(strings.TrimSpace(string(out)), " ", err)
}

// played runs the test binary in a role, as an ordinary user, and returns what
// it says and where it stands.
func played(t *testing.T, role string, args ...string) (said, path string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "mfad")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path = filepath.Join(dir, "program")
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
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out)), path
}

func TestProgramIsClosedFromItsStart(t *testing.T) {
	said, path := played(t, "restart", "a", "b c")
	if want := `open false, late <nil>, program ` + path + `, ps program, args ["a" "b c"], <nil>`; said != want {
		t.Errorf("it says %s\nwant %s", said, want)
	}
}

func TestCopyIsClosedAndCannotBeReadOrChanged(t *testing.T) {
	said, path := played(t, "copy")
	if !strings.HasPrefix(said, "open false, ") || !strings.Contains(said, ", program "+path+", ") || !strings.HasSuffix(said, " <nil>") {
		t.Errorf("it says %s", said)
	}
}

func TestScriptIsNotCopied(t *testing.T) {
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if f, err := closed.Copy(path); err == nil {
		f.Close()
		t.Error("a script was copied, whose interpreter could not read it")
	}
}
