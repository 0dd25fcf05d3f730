package agent

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mfad/mfad/agent/audit"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/internal/errcode"
)

// fast is a service whose clock was an hour fast when a code was shown, and is
// right now.
func fast(t *testing.T) (*bench, *cloud) {
	t.Helper()
	b, c := ready(t)
	b.clock.advance(time.Hour)
	b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "phone"}, nil)
	b.clock.advance(-time.Hour)
	return b, c
}

// show takes a code for a person, a step later.
func (b *bench) show(t *testing.T) (code wire.Code) {
	t.Helper()
	b.slept.Add(int64(period))
	b.clock.advance(period)
	b.must(t, nobody, wire.MethodCode, wire.NameParams{Name: "phone"}, &code)
	return code
}

func TestCodeOfADeviceAheadAsksAWSForTheTime(t *testing.T) {
	b, c := fast(t)
	b.timeAt = c.url
	if code := b.show(t); code.SkewMillis != 0 || code.Doubt != "" || time.Until(code.Expires) > time.Minute {
		t.Errorf("got a code that ends in %v, skew %d, doubt %q", time.Until(code.Expires), code.SkewMillis, code.Doubt)
	}
	if n := c.askedForTime(); n != 1 || len(c.Journal()) != 1 {
		t.Errorf("AWS saw %+v, want one question for the time", c.Journal())
	}
}

// Where AWS cannot be asked, a person may say that the clock is right: it takes a
// way in, and a line of the audit file.
func TestDeviceAheadGoesOnByAPersonsWord(t *testing.T) {
	b, _ := fast(t)
	text := b.refused(t, nobody, errcode.Clock, wire.MethodCode, wire.NameParams{Name: "phone"})
	if !strings.Contains(text, "1h0m") || !strings.Contains(text, "there is no network") {
		t.Errorf("got %q, want by how much it is ahead, and why AWS told no time", text)
	}
	b.must(t, knows(passphrase), wire.MethodDeviceResume, wire.NameParams{Name: "phone"}, nil)
	b.show(t)
	told, err := os.ReadFile(audit.LastingPath(b.home.audit()))
	if err != nil || strings.Count(string(told), wire.MethodDeviceResume) != 1 {
		t.Errorf("the audit file says %s, %v", told, err)
	}
	b.refused(t, knows(passphrase), errcode.NoItem, wire.MethodDeviceResume, wire.NameParams{Name: "none"})
}

// Set right again, the clock gives the code of now, over restarts too.
func TestCodeFollowsTheClockThatWasSetRight(t *testing.T) {
	for _, off := range []time.Duration{3 * time.Minute, -3 * time.Minute} {
		b, c := ready(t)
		started := time.Now()
		b.boot = func() time.Duration { return time.Since(started) + time.Duration(b.slept.Load()) }
		b.restart(t)
		b.clock.advance(off)
		c.SetSkew(-off)
		b.must(t, b.hurried(), wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"}, nil)
		if got := b.skew(t); (got + off).Abs() > 2*time.Second {
			t.Errorf("off by %v: status tells %v", off, got)
		}
		b.clock.advance(-off)
		c.SetSkew(0)
		for range 2 {
			if got := b.skew(t); got != 0 {
				t.Errorf("off by %v and set right: status tells %v", off, got)
			}
			b.restart(t)
		}
		if left := b.show(t).Expires.Sub(b.clock.now()); left <= 0 || left > period {
			t.Errorf("off by %v and set right: the code ends in %v", off, left)
		}
	}
}

func (b *bench) skew(t *testing.T) time.Duration {
	t.Helper()
	var s wire.Status
	b.must(t, nobody, wire.MethodStatus, nil, &s)
	return time.Duration(s.SkewMillis) * time.Millisecond
}

// A skew of minutes is asked anew before a code leaves, and what is more than
// codes follow is told with the code.
func TestCodeTellsWhatAWSSaysOfTheClock(t *testing.T) {
	b, c := ready(t)
	c.SetSkew(-time.Hour)
	b.refused(t, nobody, errcode.Clock, wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"})
	hourAhead := func(ms int64) bool { return (time.Duration(ms)*time.Millisecond + time.Hour).Abs() < 5*time.Second }
	if got := b.skew(t); !hourAhead(got.Milliseconds()) {
		t.Errorf("status tells %v", got)
	}
	if code := b.show(t); !hourAhead(code.SkewMillis) {
		t.Errorf("the code tells %d ms", code.SkewMillis)
	}
	b.restart(t) // AWS's word of before is old
	if code := b.show(t); !hourAhead(code.SkewMillis) || !strings.Contains(code.Doubt, "there is no network") {
		t.Errorf("the code tells %d ms, doubt %q", code.SkewMillis, code.Doubt)
	}
	b.timeAt = c.url
	b.restart(t)
	c.SetSkew(0)
	if code := b.show(t); code.SkewMillis != 0 || code.Doubt != "" || b.skew(t) != 0 {
		t.Errorf("the code tells %d ms, doubt %q", code.SkewMillis, code.Doubt)
	}
}
