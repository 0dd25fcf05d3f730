package token_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/mfad/mfad/token"
)

// A program is open to other processes of its user until it has hardened
// itself. Who opens its standard streams in /proc by then could read what comes
// later: a PIN, a seed, a file key. Sockets cannot be opened there.
func TestStreamsOfTheProgramCannotBeOpenedByOthers(t *testing.T) {
	p := &person{secret: "123456", asked: make(chan token.Question)}
	done := make(chan error, 1)
	go func() {
		_, err := codeOf(t, helper(t, "asks"), peeping{p, t})
		done <- err
	}()
	<-p.asked
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// peeping is a person who looks, while the program waits for the answer, how
// far others get into it.
type peeping struct {
	*person
	t *testing.T
}

func (p peeping) Secret(ctx context.Context, q token.Question) ([]byte, error) {
	pids := children(p.t)
	if len(pids) == 0 {
		p.t.Error("there is no program")
	}
	for _, pid := range pids {
		for n := range 3 {
			f, err := os.Open(fmt.Sprintf("/proc/%s/fd/%d", pid, n))
			if err == nil {
				_ = f.Close()
				p.t.Errorf("stream %d can be opened", n)
			}
		}
	}
	return p.person.Secret(ctx, q)
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
