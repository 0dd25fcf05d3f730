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

func TestSpanIsOneGlance(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 0: "0 s", 59 * time.Second: "59 s", time.Minute: "1 min", 59*time.Minute + 59*time.Second: "59 min",
		time.Hour: "1 h 00 min", 12*time.Hour + 5*time.Minute: "12 h 05 min", 50 * time.Hour: "2 d",
	} {
		if got := span(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}
