package main

import (
	"testing"
	"time"
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
		if got := lives(c.left); got != c.code {
			t.Errorf("%v: %q, want %q", c.left, got, c.code)
		}
		if got := lifetime(now.Add(c.left), now); got != c.lifetime {
			t.Errorf("%v: %q, want %q", c.left, got, c.lifetime)
		}
	}
}
