// Package words puts numbers, times and states into the words that mfad's verbs
// and doctor use for them, so that one thing has one wording.
//
// Every function is pure: it takes the time of day where it needs one, and
// prints nothing. What belongs to hardware tokens is in package tokentext; the
// advice on errors is the program's.
package words

import (
	"fmt"
	"strings"
	"time"

	"github.com/mfad/mfad/agent/wire"
)

// Count is such as "no session", "1 session", "2 sessions".
func Count(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun
	case 1:
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Lifetime says how long something that ends at until still lives.
func Lifetime(until, now time.Time) string {
	if d := until.Sub(now); d > 0 {
		return Span(max(d, time.Second))
	}
	return "expired"
}

// CodeLife says what is left of a code's step. AWS takes the code of the last
// step too.
func CodeLife(left time.Duration) string {
	if left <= 0 {
		return "it has just expired, and AWS still takes it"
	}
	return "it lives " + Span(max(left, time.Second))
}

// Span is a duration in words of one glance.
func Span(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(d, 0)/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	const day = 24 * time.Hour
	if d >= 2*day {
		return fmt.Sprintf("%d d", d/day)
	}
	return fmt.Sprintf("%d h %02d min", d/time.Hour, d%time.Hour/time.Minute)
}

// Date is the date of a time, where the person is.
func Date(t time.Time) string { return t.Local().Format("2006-01-02") }

// ClockSkew says how far our clock is off; skew is what to add to it.
func ClockSkew(skew time.Duration) string {
	if skew < 0 {
		return fmt.Sprintf("%s ahead of AWS's", Span(skew.Abs()))
	}
	return fmt.Sprintf("%s behind AWS's", Span(skew))
}

// VaultState says whether a vault is open, and for how long.
func VaultState(v wire.Vault, now time.Time) string {
	switch {
	case v.Locked:
		return "locked"
	case v.HeldUntil.IsZero():
		return "unlocked"
	}
	return "unlocked for " + Lifetime(v.HeldUntil, now)
}

// HoldTime says for how long a vault stays open; seconds are as [wire.Vault] has them.
func HoldTime(seconds int64) string {
	switch {
	case seconds < 0:
		return "until it is locked"
	case seconds == 0:
		return "unlocked for each use"
	}
	return Span(time.Duration(seconds)*time.Second) + " after an unlock"
}

// WaysIn lists the kinds of a vault's slots.
func WaysIn(slots []wire.Slot) string {
	var kinds []string
	for _, s := range slots {
		kinds = append(kinds, s.Kind)
	}
	return strings.Join(kinds, ", ")
}
