//go:build unix

package inherited_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mfad/mfad/internal/inherited"
)

// roleVariable makes the test binary a program that a caller left files open for.
const roleVariable = "MFAD_TEST_INHERITED"

// far is a descriptor that nobody finds by counting.
const far = 5000

func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) == "" {
		os.Exit(m.Run())
	}
	own, err := os.Open(os.DevNull)
	if err != nil {
		panic(err)
	}
	if fd, err := unix.FcntlInt(1, unix.F_DUPFD, far); err != nil || fd != far {
		panic(fmt.Sprint(fd, err))
	}
	inherited.Close(4)
	var open []string
	for _, fd := range []int{0, 1, 2, 3, 4, 5, far, int(own.Fd())} {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			open = append(open, fmt.Sprint(fd == int(own.Fd()), " ", fd))
		}
	}
	fmt.Print(strings.ReplaceAll(strings.Join(open, ", "), "false ", ""))
	os.Exit(0)
}

// What a caller left open is closed, but for the streams, what the program keeps,
// and what it has opened itself.
func TestFilesThatACallerLeftOpenAreClosed(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var left []*os.File
	for range 3 {
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		left = append(left, f)
	}
	cmd := exec.Command(exe)
	cmd.Env = []string{roleVariable + "=yes"}
	cmd.ExtraFiles = left
	said, err := cmd.Output()
	if open, own, _ := strings.Cut(string(said), ", true "); open != "0, 1, 2, 4" || own == "" || err != nil {
		t.Errorf("open are %s, %v", said, err)
	}
}
