package token_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/persontest"
)

// A program is open to other processes of its user until it has hardened
// itself. Who opens its standard streams in /proc by then could read what comes
// later: a PIN, a seed, a file key. Sockets cannot be opened there.
func TestStreamsOfTheProgramCannotBeOpenedByOthers(t *testing.T) {
	p := persontest.Typing(token.PIVPIN, "123456")
	p.OnAsk = func(human.Question) { peep(t) }
	if _, err := codeOf(t, helper(t, "asks"), p); err != nil || len(p.Secrets) != 1 {
		t.Errorf("%d questions, %v", len(p.Secrets), err)
	}
}

// peep looks, while the program waits for an answer, how far others get into it.
func peep(t *testing.T) {
	t.Helper()
	pids := children(t)
	if len(pids) == 0 {
		t.Error("there is no program")
	}
	for _, pid := range pids {
		for n := range 3 {
			f, err := os.Open(fmt.Sprintf("/proc/%s/fd/%d", pid, n))
			if err == nil {
				_ = f.Close()
				t.Errorf("stream %d can be opened", n)
			}
		}
	}
}

// children are the processes that this one has started.
func children(t *testing.T) []string {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	var pids []string
	for _, task := range tasks {
		text, err := os.ReadFile("/proc/self/task/" + task.Name() + "/children")
		if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
		pids = append(pids, strings.Fields(string(text))...)
	}
	return pids
}
