package pause_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfad/mfad/internal/pause"
)

func TestPausesGrowUpToABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var between pause.Growing
		var got []time.Duration
		for range 8 {
			start := time.Now()
			if err := between.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			got = append(got, time.Since(start)/time.Millisecond)
		}
		if want := []time.Duration{1, 2, 4, 8, 16, 32, 50, 50}; !slices.Equal(got, want) {
			t.Errorf("waited %d ms, want %d", got, want)
		}
	})
}

func TestPauseEndsWithTheCauseOfItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("nobody waits")
		ctx, end := context.WithCancelCause(t.Context())
		end(gone)
		if err := new(pause.Growing).Wait(ctx); !errors.Is(err, gone) {
			t.Errorf("got %v", err)
		}
	})
}
