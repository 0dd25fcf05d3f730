package main

import (
	"testing"
	"time"
)

func TestParseHold(t *testing.T) {
	for text, want := range map[string]time.Duration{"0": 0, "15m": 15 * time.Minute, "1h30m": 90 * time.Minute, untilLocked: -time.Second} {
		if got, err := parseHold(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "15", "-1s", "1ms", "forever"} {
		if got, err := parseHold(text); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
}
