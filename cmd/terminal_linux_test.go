package cmd_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mfad/mfad/agent/prompt/screentest"
)

// terminal is where a person sits who has run a program: it has the terminal
// for its own, and its standard output goes elsewhere, as that of a
// credential_process does.
type terminal struct {
	testing.TB
	master *os.File
	cmd    *exec.Cmd
	stdout bytes.Buffer
	over   chan struct{} // closed when nobody has the other end

	mu    sync.Mutex
	shown []byte
	from  int           // what was waited for lies before
	more  chan struct{} // gets one when there is more
}

// patience is how long a terminal waits for what is to be shown.
const patience = 20 * time.Second

// terminal runs mfad on a terminal of its own.
func (h *home) terminal(args ...string) *terminal {
	h.Helper()
	master, slave := screentest.Open(h.TB)
	t := &terminal{TB: h.TB, master: master, over: make(chan struct{}), more: make(chan struct{}, 1)}
	t.cmd = exec.Command(program(h.TB, "mfad"), args...)
	t.cmd.Env = h.env
	t.cmd.Stdin, t.cmd.Stdout, t.cmd.Stderr = slave, &t.stdout, slave
	t.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := errors.Join(t.cmd.Start(), slave.Close()); err != nil {
		h.Fatal(err)
	}
	go t.watch()
	h.Cleanup(func() {
		if t.cmd.ProcessState == nil {
			_ = t.cmd.Process.Kill()
			_ = t.cmd.Wait()
		}
		<-t.over
	})
	return t
}

func (t *terminal) watch() {
	defer close(t.over)
	buf := make([]byte, 4096)
	for {
		n, err := t.master.Read(buf)
		t.mu.Lock()
		t.shown = append(t.shown, buf[:n]...)
		t.mu.Unlock()
		select {
		case t.more <- struct{}{}:
		default:
		}
		if err != nil { // EIO: nobody has the other end open
			return
		}
	}
}

// shows waits until the terminal has shown the texts, one after the other.
func (t *terminal) shows(texts ...string) {
	t.Helper()
	for _, text := range texts {
		if t.either(text) < 0 {
			t.Fatalf("it ended without %q:\n%s", text, t.screen())
		}
	}
}

// either waits until one of the texts is shown, and says which; -1 is the end.
func (t *terminal) either(texts ...string) int {
	t.Helper()
	tooLong := time.After(patience)
	for ended := false; ; {
		if which := t.find(texts); which >= 0 || ended {
			return which
		}
		select {
		case <-t.more:
		case <-t.over:
			ended = true
		case <-tooLong:
			t.Fatalf("none of %q:\n%s", texts, t.screen())
		}
	}
}

// find takes the first of the texts off what is new.
func (t *terminal) find(texts []string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	which, first := -1, len(t.shown)
	for i, text := range texts {
		if at := bytes.Index(t.shown[t.from:], []byte(text)); at >= 0 && at < first {
			which, first = i, at
		}
	}
	if which >= 0 {
		t.from += first + len(texts[which])
	}
	return which
}

// screen is all that was shown so far.
func (t *terminal) screen() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ReplaceAll(string(t.shown), "\r\n", "\n")
}

// types types a line.
func (t *terminal) types(line string) {
	t.Helper()
	if _, err := t.master.WriteString(line + "\r"); err != nil {
		t.Fatal(err)
	}
}

// ends waits for the end of the program, which has that exit code; what it said
// is what the terminal showed.
func (t *terminal) ends(code int) result {
	t.Helper()
	r := t.result()
	if r.code != code {
		t.Errorf("exit code %d, want %d: %v", r.code, code, r)
	}
	return r
}

func (t *terminal) result() result {
	t.Helper()
	select {
	case <-t.over:
	case <-time.After(2 * patience):
		t.Fatalf("it does not end:\n%s", t.screen())
	}
	_ = t.cmd.Wait() // how it ended is in the result
	return result{t.stdout.String(), t.screen(), t.cmd.ProcessState.ExitCode()}
}
