package cmd_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/mfad/mfad/internal/proctest"
)

// spyVariable makes this program a process that starts a program of its user
// and reads that one's memory as early as it can: "TIMES PROGRAM ARGUMENT...".
const spyVariable = "MFAD_TEST_SPY"

// nobody is the user that the attackers become when the tests run as root, whom
// no process can keep out.
const nobody = 65534

// goText is where the code of a Go program begins that was linked for a fixed
// address, as ours in Go alone are.
const goText = 0x400000

// playSpy makes this process a spy, if it was called as one.
func playSpy() bool {
	words := strings.Fields(os.Getenv(spyVariable))
	if len(words) < 2 {
		return false
	}
	times, _ := strconv.Atoi(words[0])
	var open, alive int
	for range times {
		o, a, err := spyOnce(words[1], words[2:])
		if err != nil {
			fmt.Println(err)
			return true
		}
		open, alive = open+o, alive+a
	}
	fmt.Println("opened", open > 0, "alive", alive)
	return true
}

// spyOnce starts the program, which writes a line when it is ready, opens its
// memory as often as it may until then, and tells through how many of these
// descriptors the program can be read now.
func spyOnce(program string, args []string) (open, alive int, err error) {
	told, tell, err := os.Pipe()
	if err != nil {
		return 0, 0, err
	}
	defer told.Close()
	cmd := exec.Command(program, args...)
	cmd.Env = []string{"HOME=" + os.Getenv("HOME"), "PATH=" + os.Getenv("PATH"), "MFAD_READY_FD=3"}
	cmd.ExtraFiles = []*os.File{tell}
	cmd.Stdout = tell
	in, err := cmd.StdinPipe()
	if err != nil {
		return 0, 0, err
	}
	defer in.Close()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	tell.Close()
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	ready := make(chan error, 1)
	go func() {
		_, err := told.Read(make([]byte, 1))
		ready <- err
	}()
	var memories []*os.File
	defer func() {
		for _, memory := range memories {
			memory.Close()
		}
	}()
	for waiting := true; waiting; {
		select {
		case err = <-ready:
			waiting = false
		default:
		}
		if memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", cmd.Process.Pid)); err == nil && len(memories) < 500 {
			memories = append(memories, memory)
		} else if err == nil {
			memory.Close()
		}
	}
	for _, memory := range memories {
		if n, _ := memory.ReadAt(make([]byte, 4), goText); n > 0 {
			alive++
		}
	}
	return len(memories), min(alive, 1), err
}

// spy runs the spy as an ordinary user, who may read the program, as in
// ~/.local/bin.
func spy(t *testing.T, times int, program string, args ...string) string {
	t.Helper()
	dir := proctest.Folder(t)
	for from, to := range map[string]string{"/proc/self/exe": "spy", program: "program"} {
		body, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, to), body, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "spy"))
	words := append([]string{strconv.Itoa(times), filepath.Join(dir, "program")}, args...)
	cmd.Env = []string{spyVariable + "=" + strings.Join(words, " "), "HOME=" + dir, "PATH=" + os.Getenv("PATH")}
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestAttackMemoryOpenedAtTheStartReadsNothing: whoever starts an agent opens
// its memory before it has closed itself, as is shown, and finds that this is not
// the memory in which the agent works.
func TestAttackMemoryOpenedAtTheStartReadsNothing(t *testing.T) {
	if said := spy(t, 40, program(t, "mfad-agent")); said != "opened true alive 0" {
		t.Errorf("the agent: %s", said)
	}
	// The spy reads a program that does nothing about it, so that the above can
	// fail.
	if said := spy(t, 1, program(t, "standin"), "--dir", "aws"); said != "opened true alive 1" {
		t.Errorf("an ordinary program: %s", said)
	}
}

// TestAttackTracerIsRefused: a program that is traced from its start ends before
// it reads anything.
func TestAttackTracerIsRefused(t *testing.T) {
	for _, name := range []string{"mfad-agent", "mfad-token"} {
		if said := proctest.Traced(t, exec.Command(program(t, name), "--version")); !strings.Contains(said, "traces this one") {
			t.Errorf("%s says %q", name, said)
		}
	}
}
