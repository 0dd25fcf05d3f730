package cmd_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestAttackAgentKeepsNoDescriptorOfItsStarter: a shell that starts the agent by
// the way has its lock back when it ends, and nobody reads the end of its pipe
// for ever.
func TestAttackAgentKeepsNoDescriptorOfItsStarter(t *testing.T) {
	h := newHome(t)
	lock := h.path("lock")
	script := `( flock 9; mfad init --keychain no --passphrase-stdin --recovery-file "$1" ) 9>"$2" 8>&1 7<"$2"`
	env := append(h.env, "PATH="+filepath.Dir(program(t, "mfad"))+":"+os.Getenv("PATH"))
	if r := run(t, env, passphrase+"\n", "/bin/sh", "-c", script, "sh", h.path("recovery.txt"), lock); r.code != 0 {
		t.Fatal(r)
	}
	if r := run(t, h.env, "", "flock", "--nonblock", lock, "true"); r.code != 0 {
		t.Errorf("the lock is held still: %v", r)
	}
	for fd, to := range descriptors(t, h.agentPID()) {
		if to == lock || strings.HasPrefix(to, "pipe:") {
			t.Errorf("the agent has %d open: %s", fd, to)
		}
	}
}

// TestAttackProgramsOfTheAgentGetNoDescriptor: a program that a config file has
// the agent run gets its standard streams alone.
func TestAttackProgramsOfTheAgentGetNoDescriptor(t *testing.T) {
	h := newHome(t)
	list := h.path("list")
	h.write(".aws/config", fmt.Sprintf("[profile process]\ncredential_process = sh -c 'ls /proc/self/fd >%s'\n", list))
	h.mfad("", "credentials", "--profile", "process")
	text, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(strings.Fields(string(text)), " "); got != "0 1 2 3" { // 3 is the folder that ls reads
		t.Errorf("it has %s open", got)
	}
}

// descriptors are the open files of a process.
func descriptors(t *testing.T, pid int) map[int]string {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	open := map[int]string{}
	for _, entry := range entries {
		to, err := os.Readlink(filepath.Join(dir, entry.Name()))
		fd, bad := strconv.Atoi(entry.Name())
		if err == nil && bad == nil {
			open[fd] = to
		}
	}
	return open
}
