package proctest

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
)

// Traced runs a command with this thread as its tracer, as a debugger would, and
// returns what it wrote.
func Traced(t testing.TB, cmd *exec.Cmd) string {
	t.Helper()
	runtime.LockOSThread() // a tracer is a thread
	defer runtime.UnlockOSThread()
	words, err := os.CreateTemp(t.TempDir(), "words")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = words.Close() }()
	cmd.Stdout, cmd.Stderr = words, words
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	cmd.SysProcAttr.Ptrace = true
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for {
		var status syscall.WaitStatus
		if _, err := syscall.Wait4(cmd.Process.Pid, &status, 0, nil); err != nil {
			t.Fatal(err)
		}
		if !status.Stopped() {
			break
		}
		sent := status.StopSignal()
		if sent == syscall.SIGTRAP {
			sent = 0 // it was executed
		}
		if err := syscall.PtraceCont(cmd.Process.Pid, int(sent)); err != nil {
			t.Fatal(err)
		}
	}
	said, err := os.ReadFile(words.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(said)
}
