package words_test

import (
	"testing"
	"time"

	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
)

// The last half second of a step is one of life.
func TestLifeIsToldToItsEnd(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		left           time.Duration
		code, lifetime string
	}{
		{29600 * time.Millisecond, "it lives 30 s", "30 s"},
		{time.Second, "it lives 1 s", "1 s"},
		{time.Millisecond, "it lives 1 s", "1 s"},
		{0, "it has just expired, and AWS still takes it", "expired"},
		{-time.Hour, "it has just expired, and AWS still takes it", "expired"},
		{90 * time.Second, "it lives 1 min", "1 min"},
	} {
		if got := words.CodeLife(c.left); got != c.code {
			t.Errorf("%v: %q, want %q", c.left, got, c.code)
		}
		if got := words.Lifetime(now.Add(c.left), now); got != c.lifetime {
			t.Errorf("%v: %q, want %q", c.left, got, c.lifetime)
		}
	}
}

func TestSpanIsOneGlance(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 0: "0 s", 59 * time.Second: "59 s", time.Minute: "1 min", 59*time.Minute + 59*time.Second: "59 min",
		time.Hour: "1 h 00 min", 12*time.Hour + 5*time.Minute: "12 h 05 min", 50 * time.Hour: "2 d",
	} {
		if got := words.Span(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}
