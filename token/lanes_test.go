//go:build unix

package token_test

import (
	"context"
	"errors"
	"testing"

	"github.com/mfad/mfad/internal/human"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/persontest"
)

// gate is a person at whom calls stand until a test lets them on.
type gate struct {
	persontest.Person
	came chan string // the serials of calls
	pass chan struct{}
}

func (g *gate) Ask(ctx context.Context, q human.Question) (human.Answer, error) {
	g.came <- q.What
	select {
	case <-g.pass:
		return human.Answer{Yes: true}, nil
	case <-ctx.Done():
		return human.Answer{}, ctx.Err()
	}
}

func TestCallsForOneTokenQueueAndOthersDoNot(t *testing.T) {
	h := helper(t, "serial")
	g := &gate{came: make(chan string), pass: make(chan struct{})}
	done := make(chan error)
	begin := func(ctx context.Context, serials ...string) {
		go func() {
			_, err := h.OATHCode(ctx, token.OATHCodeParams{Ref: token.Ref{Serials: serials}}, g)
			done <- err
		}()
	}
	begin(t.Context(), "1", "2")
	if got := <-g.came; got != "1" {
		t.Errorf("token %s came", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	begin(ctx, "2") // waits
	begin(t.Context(), "3", "3")
	if got := <-g.came; got != "3" {
		t.Errorf("token %s came although it is in use", got)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("who waits: %v", err)
	}
	begin(t.Context(), "2", "1")
	g.pass <- struct{}{}
	g.pass <- struct{}{}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got := <-g.came; got != "2" {
		t.Errorf("token %s came", got)
	}
	g.pass <- struct{}{}
	if err := <-done; err != nil {
		t.Error(err)
	}
	g.Closed(t)
	if n := h.Lanes(); n != 0 {
		t.Errorf("%d lanes are left", n)
	}
}
