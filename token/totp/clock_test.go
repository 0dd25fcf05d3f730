package totp

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// machine is a machine whose wall clock can be set, and that tells the time
// since its start.
type machine struct {
	clock
	boot   string
	booted time.Time
}

func (m *machine) open(t *testing.T, path string) *Ledger {
	t.Helper()
	l := open(t, path, nil)
	l.clock = Clock{Now: m.now, Boot: func() time.Duration { return time.Since(m.booted) }, BootID: m.boot}
	return l
}

// A code by the skew of a clock that was set right since is one of another time.
func TestSkewDoesNotOutliveTheCorrectionOfTheClock(t *testing.T) {
	for _, off := range []time.Duration{3 * time.Minute, -3 * time.Minute, 14 * time.Minute, 24 * time.Hour} {
		path := ledgerPath(t)
		synctest.Test(t, func(t *testing.T) {
			m := &machine{boot: "one", booted: time.Now()}
			m.set(off)
			l := m.open(t, path)
			if err := l.SetSkew(-off); err != nil {
				t.Fatal(err)
			}
			if l.Observed() != -off {
				t.Errorf("observed %v, want %v", l.Observed(), -off)
			}
			time.Sleep(time.Hour)
			m.set(0)
			for range 2 {
				start := time.Now().Truncate(30 * time.Second)
				if l.Skew() != 0 || l.Observed() != 0 {
					t.Errorf("off by %v and set right: the skew is still %v, observed %v", off, l.Skew(), l.Observed())
				}
				if step, _ := take(t, l, phone); step.At.Before(start) || step.At.After(start.Add(30*time.Second)) {
					t.Errorf("off by %v and set right: step at %v", off, step.At.Sub(start))
				}
				l = m.open(t, path) // and so it is after a restart
			}
		})
	}
}

func TestClockThatIsSetWrongAfterAWSToldItsTimeSpoilsNoCode(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		m := &machine{boot: "one", booted: time.Now()}
		l := m.open(t, path)
		if err := l.SetSkew(0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		m.set(5 * time.Minute)
		start := time.Now()
		if step, _ := take(t, l, phone); !step.At.Equal(start) || l.Skew() != -5*time.Minute {
			t.Errorf("step at %v, skew %v", step.At.Sub(start), l.Skew())
		}
	})
}

func TestSkewOfMinutesIsDoubtedUntilAWSSaysItAnew(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		m := &machine{boot: "one", booted: time.Now()}
		m.set(-50 * time.Second)
		l := m.open(t, path)
		doubt := func(want bool, when string) {
			t.Helper()
			if got := l.Doubtful(); got != want {
				t.Errorf("%s: doubtful %v, want %v", when, got, want)
			}
		}
		tell := func(skew time.Duration) {
			t.Helper()
			if err := l.SetSkew(skew); err != nil {
				t.Fatal(err)
			}
		}
		doubt(false, "nothing known")
		tell(50 * time.Second)
		time.Sleep(2 * believed)
		doubt(false, "less than a minute")
		m.set(-2 * time.Minute)
		doubt(true, "set since")
		tell(2 * time.Minute)
		doubt(false, "just told")
		time.Sleep(believed)
		doubt(true, "a while ago")
		tell(2 * time.Minute)
		doubt(false, "told again, with nothing new")
		l = m.open(t, path)
		doubt(true, "after a restart")
		m.set(0)
		doubt(true, "set right")
		tell(0)
		doubt(false, "and AWS says so")
	})
}

// Machines get their time from the network or a battery when they start.
func TestSkewOfMinutesEndsWithTheMachinesRun(t *testing.T) {
	for skew, after := range map[time.Duration]time.Duration{3 * time.Minute: 0, 20 * time.Second: 20 * time.Second} {
		path := ledgerPath(t)
		synctest.Test(t, func(t *testing.T) {
			m := &machine{boot: "one", booted: time.Now()}
			if err := m.open(t, path).SetSkew(skew); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
			m.boot, m.booted = "two", time.Now()
			l := m.open(t, path)
			if l.Skew() != after || l.Doubtful() != (after != skew) {
				t.Errorf("of %v is left %v, doubtful %v", skew, l.Skew(), l.Doubtful())
			}
		})
	}
}

// By a person's word a device goes on, and gives nothing that it has given.
func TestDeviceGoesOnByAPersonsWordAlone(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		var c clock
		c.set(time.Hour)
		l, start := open(t, path, c.now), time.Now()
		fast, _ := take(t, l, phone)
		take(t, l, fob)
		c.set(0)
		if err := l.GoOn(phone); err != nil {
			t.Fatal(err)
		}
		l = open(t, path, c.now)
		if step, _ := take(t, l, phone); step.At.Sub(start) > 30*time.Second {
			t.Errorf("step at %v", step.At.Sub(start))
		}
		if _, err := l.Take(t.Context(), fob, 30*time.Second, nil); err == nil {
			t.Error("the other device goes on too")
		}
		time.Sleep(time.Until(fast.At))
		if step, _ := take(t, l, phone); step.At.Equal(fast.At) {
			t.Error("a step left twice")
		}
	})
}

// What left while the clock was fast is passed over in its turn; when that is
// more than a wait is worth, nobody is told to set a clock that is right.
func TestStepsThatLeftByAFastClockAreSaidToBeSpent(t *testing.T) {
	path := ledgerPath(t)
	synctest.Test(t, func(t *testing.T) {
		var c clock
		c.set(5 * time.Minute)
		l, start := open(t, path, c.now), time.Now()
		for range 4 {
			take(t, l, phone)
		}
		c.set(0)
		time.Sleep(time.Until(start.Add(5 * time.Minute)))
		if err := l.SetSkew(0); err != nil {
			t.Fatal(err)
		}
		_, err := l.Take(t.Context(), phone, 30*time.Second, nil)
		var ahead *AheadError
		if !errors.As(err, &ahead) || !ahead.Settled || !errors.Is(err, ErrSpent) || errors.Is(err, ErrClock) || ahead.By != 2*time.Minute {
			t.Errorf("got %v", err)
		}
	})
}
