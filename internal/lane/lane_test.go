package lane_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/mfad/mfad/internal/lane"
)

func TestLaneLetsOneAtATimeThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lane.New()
		if err := l.Enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		entered := make(chan error, 1)
		go func() { entered <- l.Enter(t.Context()) }()
		synctest.Wait()
		if len(entered) > 0 {
			t.Fatal("two are in the lane")
		}
		l.Leave()
		if err := <-entered; err != nil {
			t.Fatal(err)
		}
		l.Leave()
	})
}

func TestWaitForALaneEndsWithTheCauseOfItsContext(t *testing.T) {
	l := lane.New()
	if err := l.Enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	gone := errors.New("nobody waits")
	ctx, end := context.WithCancelCause(t.Context())
	end(gone)
	if err := l.Enter(ctx); !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
}
