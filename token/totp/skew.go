package totp

import (
	"fmt"
	"time"

	"github.com/mfad/mfad/internal/errcode"
)

// ErrClock is wrapped by an [*AheadError], and by the refusal to work before 1970.
var ErrClock = errcode.New(errcode.Clock, "clock is wrong")

// ErrSpent is wrapped by an [*AheadError] that only time settles.
var ErrSpent = errcode.New(errcode.CodesSpent, "codes were given already")

// AheadError refuses a code because the device has given one of a later time than
// a wait is worth: the clock was wrong then, or is wrong now. It wraps [ErrClock], or
// [ErrSpent] when it is Settled.
// AWS's word settles which, by [Ledger.SetSkew], or a person's, by
// [Ledger.GoOn]; codes come again then.
type AheadError struct {
	Device string
	By     time.Duration // from now to the first step that may be released
	// Settled: the clock is right now, and the steps between were released while
	// it was fast. There is nothing but to wait.
	Settled bool
}

func (e *AheadError) Error() string {
	by := e.By.Round(time.Second)
	if e.Settled {
		return fmt.Sprintf("device %q gave the codes of the next %s while this machine's clock was fast: wait that long", e.Device, by)
	}
	return fmt.Sprintf("device %q gave a code for a time %s ahead of this machine's clock: set the clock", e.Device, by)
}

// Unwrap makes errors.Is hold for the sentinel.
func (e *AheadError) Unwrap() error {
	if e.Settled {
		return ErrSpent
	}
	return ErrClock
}

// longestWait is how long the first who waits for a device does so at most. By a
// clock that only runs forward it is one period; the rest is for a clock that is
// set back a little. Whoever asks waits 55 s at most, with a period of 30 s.
func longestWait(period time.Duration) time.Duration { return period + 15*time.Second }

// Skew is the time to add to our clock to get AWS's, by which codes are
// corrected.
func (l *Ledger) Skew() time.Duration { return l.settled().skew }

// Observed is the skew as AWS told it, even when it is too large for codes to be
// corrected by it.
func (l *Ledger) Observed() time.Duration { return l.settled().toldBy() }

// mostSkew is how far codes follow AWS's clock: as far as AWS takes signatures.
// Beyond that no request succeeds before our clock is set right, and whoever
// answers, or can write the ledger's file, must not choose of what time the
// codes are.
const mostSkew = 15 * time.Minute

// The least change of a skew that counts, since a Date header has whole seconds;
// and the least skew that is not believed for long: it spoils a code.
const (
	skewGrain = 2 * time.Second
	muchSkew  = time.Minute
	believed  = time.Minute
)

// SetSkew records the skew learned from AWS; codes are not corrected by one of
// more than 15 minutes. A change of less than two seconds is ignored. Since AWS's
// time is known now, a device's last step that is well ahead of it was released
// by a fast clock: the device goes on from now, and what was released is passed
// over in its turn.
func (l *Ledger) SetSkew(d time.Duration) error {
	err := l.commit(func(s *state) error {
		now, before := l.clock.read(), s.learned
		s.settle(now)
		moved := (d-s.toldBy()).Abs() >= skewGrain || s.learned != before || s.learned.BootID != now.bootID
		if moved {
			s.learn(d.Round(time.Millisecond), now)
		}
		// A clock that is off by more is not AWS's time.
		healed := d.Abs() <= mostSkew && s.heal(s.clock(now.wall))
		if !moved && !healed {
			return errUnchanged
		}
		return nil
	})
	if err == nil {
		l.mu.Lock()
		l.told, l.toldAt = true, l.clock.Boot()
		l.mu.Unlock()
	}
	l.wakeAll()
	return err
}

// Doubtful says that codes are computed by a skew of minutes which AWS has not
// confirmed just now: the clock may have been set since. Ask AWS for the time,
// and tell it by [Ledger.SetSkew].
func (l *Ledger) Doubtful() bool {
	s := l.current()
	before := s.toldBy()
	s.settle(l.clock.read())
	return !l.fresh() && max(before.Abs(), s.toldBy().Abs()) >= muchSkew
}

// fresh says that AWS has told its time just now.
func (l *Ledger) fresh() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.told && l.clock.Boot()-l.toldAt < believed
}

// GoOn has a device go on from now by a person's word that this machine's clock
// is right: as if AWS had said so, for that device alone. No step becomes free
// that was released.
func (l *Ledger) GoOn(device string) error {
	err := l.commit(func(s *state) error {
		now := l.clock.read()
		s.learn(0, now)
		u, known := s.devices[device]
		if end := roundUp(now.wall); known && u.until > end {
			s.devices[device] = use{until: end, spent: u.spent}
		}
		s.floor = min(s.floor, roundUp(now.wall))
		return nil
	})
	l.wake(device)
	return err
}

// settled is the state by what the clocks say now.
func (l *Ledger) settled() state {
	s := l.current()
	s.settle(l.clock.read())
	return s
}

// toldBy is what AWS said of our clock.
func (s state) toldBy() time.Duration {
	if s.observed != 0 {
		return s.observed
	}
	return s.skew
}

// learn takes what was said of our clock now.
func (s *state) learn(d time.Duration, now moment) {
	s.skew, s.observed, s.learned = d, 0, now.anchor()
	if d.Abs() > mostSkew {
		s.skew, s.observed = 0, d
	}
}

// settle corrects the skew by how much the wall clock was set since AWS told its
// time. After another start of the machine nothing tells, and a skew of minutes
// is not believed: clocks are set then.
func (s *state) settle(now moment) {
	jump, known := s.learned.jump(now)
	switch {
	case !known && now.bootID != "" && s.learned.BootID != "" && s.toldBy().Abs() >= muchSkew:
		s.learn(0, moment{})
	case jump.Abs() >= skewGrain:
		d := s.toldBy() - jump
		if d.Abs() < skewGrain {
			d = 0
		}
		s.learn(d, now)
	}
}

// dropStaleSkew forgets the skew when with it the device's last step lies far
// ahead, and without it does not: the clock that the skew was learned of has
// been put right since. No used step becomes free by that.
func (s *state) dropStaleSkew(device string, local time.Time, period time.Duration) {
	most := longestWait(period)
	if s.wait(device, s.clock(local), period) > most && s.wait(device, local, period) <= most {
		s.learn(0, moment{})
	}
}

// wellAhead is how far after now a used step may end, by a clock that only runs
// forward, and half a step more.
const wellAhead = 45 * time.Second

// heal brings down to now what lies ahead of it, and says whether there was
// any.
func (s *state) heal(now time.Time) bool {
	healed, end := false, roundUp(now)
	for name, u := range s.devices {
		if time.Unix(u.until, 0).Sub(now) > wellAhead {
			s.devices[name], healed = use{until: end, spent: u.spent}, true
		}
	}
	if time.Unix(s.floor, 0).Sub(now) > wellAhead {
		s.floor, healed = end, true
	}
	return healed
}
