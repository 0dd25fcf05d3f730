package aws

import (
	"net/http"
	"testing"
	"time"
)

func TestSkewIsWhatSecondsAndRoundTripDoNotExplain(t *testing.T) {
	date := time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)
	tests := []struct {
		name           string
		sent, received time.Duration // after the Date
		want           time.Duration
	}{
		{"at the second", 0, 0, 0},
		{"late in the second", 990 * time.Millisecond, 999 * time.Millisecond, 0},
		{"slow answer", -10 * time.Second, 2 * time.Second, 0},
		{"sent just too late", 1001 * time.Millisecond, 1001 * time.Millisecond, -501 * time.Millisecond},
		{"received too early", -3 * time.Second, -2 * time.Second, 3 * time.Second},
		{"an hour ahead", time.Hour, time.Hour + time.Second, -time.Hour},
		{"an hour behind", -time.Hour, -time.Hour + time.Second, time.Hour},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := skewOf(http.Header{"Date": {date.Format(http.TimeFormat)}}, date.Add(test.sent), date.Add(test.received))
			if !ok || got != test.want {
				t.Errorf("got %v, %v, want %v", got, ok, test.want)
			}
		})
	}
	for name, h := range map[string]http.Header{
		"no date": {}, "bad date": {"Date": {"today"}}, "a cache's date": {"Date": {date.Format(http.TimeFormat)}, "Age": {"60"}},
	} {
		if got, ok := skewOf(h, date, date); ok {
			t.Errorf("%s: got skew %v", name, got)
		}
	}
}

func TestClockIsReadFromAWSsWords(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"Signature expired: 20261122T070000Z is now earlier than 20261122T074500Z (20261122T080000Z - 15 min.)":         -time.Hour,
		"Signature not yet current: 20261122T090000Z is still later than 20261122T081500Z (20261122T080000Z + 15 min.)": time.Hour,
		"Signature expired: 20261122T070000Z is now earlier than 20261122T075500Z (20261122T080000Z - 5 min.)":          -time.Hour,
	} {
		if got, ok := aheadOf(text); !ok || got != want {
			t.Errorf("%s: got %v, %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "Signature expired", "Signature expired: 99999999T999999Z is now earlier than x (20261122T080000Z - 15 min.)"} {
		if got, ok := aheadOf(text); ok {
			t.Errorf("%q: got %v", text, got)
		}
	}
}
