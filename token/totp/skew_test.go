package totp

import (
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestClockSetBackALittleMakesTakeWait(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		var c clock
		l, start := open(t, path, c.now), time.Now()
		take(t, l, phone)
		c.set(-15 * time.Second)
		step, told := take(t, l, phone)
		if !step.At.Equal(start.Add(30 * time.Second)) {
			t.Errorf("step at %v", step.At.Sub(start))
		}
		if len(told) != 1 || told[0] != 45*time.Second || time.Since(start) != 45*time.Second {
			t.Errorf("told %v, waited %v", told, time.Since(start))
		}
	})
}

// Who waits does so for 55 s at most: a longer wait is no answer, and AWS's word
// makes it short.
func TestClockSetBackMoreThanAWaitIsWorthIsForAWSToSettle(t *testing.T) {
	for back := 20 * time.Second; back <= 3*time.Minute; back += 10 * time.Second {
		path := ledgerPath(t)
		synctest.Test(t, func(t *testing.T) {
			var c clock
			l := open(t, path, c.now)
			take(t, l, phone)
			c.set(-back)
			start := time.Now()
			_, err := l.Take(t.Context(), phone, 30*time.Second, func(time.Duration) { t.Error("notice of a hopeless wait") })
			if !errors.Is(err, ErrClock) || time.Since(start) != 0 {
				t.Errorf("set back by %v: after %v: %v", back, time.Since(start), err)
			}
			if err := l.SetSkew(back); err != nil {
				t.Fatal(err)
			}
			take(t, l, phone)
			if waited := time.Since(start); waited > 30*time.Second {
				t.Errorf("set back by %v: with AWS's time known it took %v", back, waited)
			}
		})
	}
}

func TestClockSetForwardEndsTheWait(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		var c clock
		l, start := open(t, path, c.now), time.Now()
		take(t, l, phone)
		time.AfterFunc(5*time.Second, func() { c.set(time.Hour) })
		step, _ := take(t, l, phone)
		if waited := time.Since(start); waited > 6*time.Second {
			t.Errorf("waited %v", waited)
		}
		if !step.At.Equal(start.Add(time.Hour)) {
			t.Errorf("step at %v", step.At.Sub(start))
		}
	})
}

func TestClockThatWasWrongIsSaidByHowMuchAndHealsBySkew(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		var c clock
		c.set(time.Hour) // wrong, and somebody takes a code
		l, start := open(t, path, c.now), time.Now()
		take(t, l, phone)
		c.set(0)
		_, err := l.Take(t.Context(), phone, 30*time.Second, func(time.Duration) { t.Error("notice of a hopeless wait") })
		var ahead *AheadError
		if !errors.As(err, &ahead) || !errors.Is(err, ErrClock) || ahead.By != time.Hour+30*time.Second {
			t.Fatalf("error %v", err)
		}
		if !strings.Contains(err.Error(), "1h0m30s ahead") || time.Since(start) != 0 {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		if wait := l.NextIn(phone, 30*time.Second); wait != 0 {
			t.Errorf("a typed code comes from a clock of its own, but is to wait %v", wait)
		}
		time.Sleep(5 * time.Second)
		if err := l.SetSkew(0); err != nil { // AWS says that the clock is right
			t.Fatal(err)
		}
		l = open(t, path, c.now) // and that is written
		step, _ := take(t, l, phone)
		if !step.At.Equal(start.Add(30 * time.Second)) {
			t.Errorf("healed to the step at %v, want the next", step.At.Sub(start))
		}
	})
}

// A code of a clock two minutes fast is refused; the time that AWS tells with
// the refusal gives the right one at once, and the wrong one is not given again
// when its time comes.
func TestClockMinutesFastHealsAndGivesNoCodeTwice(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		l, start := open(t, path, time.Now), time.Now()
		fast, _ := take(t, l, phone)
		if err := l.SetSkew(-2 * time.Minute); err != nil {
			t.Fatal(err)
		}
		l = open(t, path, time.Now) // and that is written
		seen := map[time.Time]bool{fast.At: true}
		for range 6 {
			step, _ := take(t, l, phone)
			if seen[step.At] {
				t.Errorf("the step at %v was given twice", step.At.Sub(start))
			}
			seen[step.At] = true
			if len(seen) == 2 && time.Since(start) > 30*time.Second {
				t.Errorf("waited %v", time.Since(start))
			}
		}
		if waited := time.Since(start); waited > 7*30*time.Second {
			t.Errorf("six codes took %v", waited)
		}
	})
}

func TestSkewMovesTheSteps(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		l, start := open(t, path, time.Now), time.Now()
		if err := l.SetSkew(10*time.Minute + 10*time.Second); err != nil {
			t.Fatal(err)
		}
		step, _ := take(t, l, phone)
		if !step.At.Equal(start.Add(10*time.Minute)) || !step.Expires.Equal(start.Add(20*time.Second)) {
			t.Errorf("step at %v, ends on our clock at %v", step.At.Sub(start), step.Expires.Sub(start))
		}
		for _, jitter := range []time.Duration{10*time.Minute + 9*time.Second, 10*time.Minute + 11*time.Second} {
			if err := l.SetSkew(jitter); err != nil || l.Skew() != 10*time.Minute+10*time.Second {
				t.Errorf("the second's jitter of a Date header moved the skew to %v, %v", l.Skew(), err)
			}
		}
	})
}

// Who answers in AWS's place, or writes the file, must not get codes of another time.
func TestSkewThatAWSWouldNotForgiveMovesNoStep(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		l, start := open(t, path, time.Now), time.Now()
		for _, d := range []time.Duration{24 * time.Hour, -24 * time.Hour, 16 * time.Minute, math.MinInt64} {
			if err := l.SetSkew(d); err != nil || l.Skew() != 0 {
				t.Errorf("of %v: skew %v, %v", d, l.Skew(), err)
			}
		}
		s := state{skew: 24 * time.Hour}
		if err := os.WriteFile(path, s.encode(), 0o600); err != nil {
			t.Fatal(err)
		}
		l = open(t, path, time.Now)
		if l.Damage() == "" {
			t.Error("a file with the skew of a day is believed")
		}
		if step, _ := take(t, l, phone); step.At.Sub(start) > time.Minute {
			t.Errorf("step at %v", step.At.Sub(start))
		}
	})
}

func TestSkewLearnedWhileWaitingIsUsedAtOnce(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		l, start := open(t, path, time.Now), time.Now()
		take(t, l, phone)
		go func() {
			time.Sleep(1500 * time.Millisecond)
			if err := l.SetSkew(time.Minute); err != nil {
				t.Error(err)
			}
		}()
		step, _ := take(t, l, phone)
		if waited := time.Since(start); waited != 1500*time.Millisecond || !step.At.Equal(start.Add(time.Minute)) {
			t.Errorf("after %v step %v", waited, step.At.Sub(start))
		}
	})
}

func TestClockPutRightMakesTheSkewStale(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		var c clock
		c.set(10 * time.Minute)
		l, start := open(t, path, c.now), time.Now()
		if err := l.SetSkew(-10 * time.Minute); err != nil {
			t.Fatal(err)
		}
		if step, _ := take(t, l, phone); !step.At.Equal(start) {
			t.Fatalf("with the skew known the step is at %v", step.At.Sub(start))
		}
		time.Sleep(10 * time.Second)
		c.set(0)
		step, told := take(t, l, phone)
		if !step.At.Equal(start.Add(30*time.Second)) || len(told) != 1 || told[0] != 20*time.Second {
			t.Errorf("step at %v, told %v", step.At.Sub(start), told)
		}
		if !step.Expires.Equal(start.Add(time.Minute)) || l.Skew() != 0 || open(t, path, c.now).Skew() != 0 {
			t.Errorf("the skew is still %v", l.Skew())
		}
	})
}

func TestClockBefore1970GivesNoStep(t *testing.T) {
	l := open(t, ledgerPath(t), func() time.Time { return time.Unix(-5, 0) })
	if _, err := l.Take(t.Context(), phone, 30*time.Second, nil); !errors.Is(err, ErrClock) {
		t.Errorf("error %v", err)
	}
}
