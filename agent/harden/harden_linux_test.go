package harden_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/mfad/mfad/agent/harden"
	"github.com/mfad/mfad/internal/proctest"
	"golang.org/x/sys/unix"
)

// roleVariable makes the test binary a process that is hardened, or not, or
// one that tries to read another's memory.
const roleVariable = "MFAD_TEST_HARDEN"

// nobody is the user that the tests become when they run as root, whom no
// process can keep out.
const nobody = 65534

func TestMain(m *testing.M) {
	role, arg, _ := strings.Cut(os.Getenv(roleVariable), " ")
	switch role {
	case "hard":
		if err := harden.Process(); err != nil {
			fmt.Println(err)
			return
		}
		report()
	case "soft":
		report()
	case "spy":
		fmt.Println(spy(arg))
	default:
		os.Exit(m.Run())
	}
}

// report tells what the kernel says of this process, and waits.
func report() {
	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	var core unix.Rlimit
	err = errors.Join(err, unix.Getrlimit(unix.RLIMIT_CORE, &core))
	fmt.Println("dumpable", dumpable, "core", core.Max, err)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// spy tries each way into the process, and says which were open.
func spy(text string) string {
	pid, err := strconv.Atoi(text)
	if err != nil {
		return err.Error()
	}
	var open []string
	for _, name := range []string{"mem", "environ", "maps", "fd"} {
		if f, err := os.Open(fmt.Sprintf("/proc/%d/%s", pid, name)); err == nil {
			_ = f.Close()
			open = append(open, name)
		}
	}
	if unix.PtraceSeize(pid) == nil {
		open = append(open, "ptrace")
	}
	if fd, err := unix.PidfdOpen(pid, 0); err == nil {
		if stolen, err := unix.PidfdGetfd(fd, 0, 0); err == nil {
			_ = unix.Close(stolen)
			open = append(open, "pidfd_getfd")
		}
	}
	return fmt.Sprintf("open: %q", open)
}

// start runs the test binary in a role, as an ordinary user.
func start(t *testing.T, role string) (first string, pid int) {
	t.Helper()
	cmd := exec.Command(program(t))
	cmd.Env = []string{roleVariable + "=" + role, "GORACE=atexit_sleep_ms=0"} // not a second later, under -race
	cmd.Stderr = os.Stderr
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	line := make([]byte, 1000)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(line[:n])), cmd.Process.Pid
}

// program is a copy of the test binary where any user may run it.
func program(t *testing.T) string {
	t.Helper()
	dir := proctest.Folder(t)
	self, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(dir+"/program", self, 0o755)
	}
	if err = errors.Join(err, os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	return dir + "/program"
}

func TestHardenedProcessIsClosedToItsOwnUser(t *testing.T) {
	said, pid := start(t, "hard")
	if said != "dumpable 0 core 0 <nil>" {
		t.Errorf("the hardened process says %q", said)
	}
	if seen, _ := start(t, "spy "+strconv.Itoa(pid)); seen != "open: []" {
		t.Errorf("hardened: %s", seen)
	}
}

// The spy finds a process open that is not hardened, so that the test above
// can fail.
func TestOrdinaryProcessIsOpenToItsOwnUser(t *testing.T) {
	said, pid := start(t, "soft")
	if !strings.HasPrefix(said, "dumpable 1 ") {
		t.Errorf("the ordinary process says %q", said)
	}
	if seen, _ := start(t, "spy "+strconv.Itoa(pid)); !strings.Contains(seen, `"mem"`) {
		t.Errorf("ordinary: %s", seen)
	}
}
