package totp

import (
	"fmt"
	"time"

	"github.com/mfad/mfad/internal/errcode"
)

// ErrClock is wrapped by an [*AheadError], and by the refusal to work before 1970.
var ErrClock = errcode.New(errcode.Clock, "clock is wrong")

// AheadError refuses a code because the device has given one of a time far
// ahead: the clock was wrong then, or is wrong now. It wraps [ErrClock]. The
// first [Ledger.SetSkew] that follows settles which, and codes come again: any
// answer of AWS will do, such as GetCallerIdentity's, which needs no code.
type AheadError struct {
	Device string
	By     time.Duration // from now to the end of the last released step
}

func (e *AheadError) Error() string {
	return fmt.Sprintf("device %q gave a code for a time %s ahead of this machine's clock: set the clock",
		e.Device, e.By.Round(time.Second))
}

// Unwrap makes errors.Is(err, ErrClock) hold.
func (e *AheadError) Unwrap() error { return ErrClock }

// tooFar is how long a code is waited for at most. With a clock that only runs
// forward it is one period; the rest is for clocks that are set back a little.
const tooFar = maxPeriod + time.Minute

// Skew is the time to add to our clock to get AWS's.
func (l *Ledger) Skew() time.Duration { return l.current().skew }

// mostSkew is how far codes follow AWS's clock: as far as AWS takes signatures.
// Beyond that no request succeeds before our clock is set right, and whoever
// answers, or can write the ledger's file, must not choose of what time the
// codes are.
const mostSkew = 15 * time.Minute

// SetSkew records the skew learned from AWS; one of more than 15 minutes is
// taken for none. A change of less than two seconds is ignored: a Date header
// has whole seconds. Since AWS's time is known now, a device's last step that is
// well ahead of it was released by a fast clock: the device goes on from now,
// the current step stays used, and the other is passed over in its turn.
func (l *Ledger) SetSkew(d time.Duration) error {
	if d.Abs() > mostSkew {
		d = 0
	}
	err := l.commit(func(s *state) error {
		moved := (d - s.skew).Abs() >= 2*time.Second
		if moved {
			s.skew = d.Round(time.Millisecond)
		}
		if healed := s.heal(s.clock(l.now())); !moved && !healed {
			return errUnchanged
		}
		return nil
	})
	l.wakeAll()
	return err
}

// dropStaleSkew forgets the skew when with it the device's last step lies far
// ahead, and without it does not: the clock that the skew was learned of has
// been put right since. No used step becomes free by that.
func (s *state) dropStaleSkew(device string, local time.Time, period time.Duration) {
	if s.wait(device, s.clock(local), period) > tooFar && s.wait(device, local, period) <= tooFar {
		s.skew = 0
	}
}

// wellAhead is how far after now a used step may end, by a clock that only runs
// forward, and half a step more.
const wellAhead = 45 * time.Second

// heal brings down to now what lies ahead of it, and says whether there was
// any.
func (s *state) heal(now time.Time) bool {
	healed := false
	for name, u := range s.devices {
		spent := u.spentAfter(now.Unix())
		if time.Unix(u.until, 0).Sub(now) > wellAhead && len(spent) < maxSpent {
			s.devices[name], healed = use{until: roundUp(now), spent: append(spent, u.until)}, true
		}
	}
	if time.Unix(s.floor, 0).Sub(now) > tooFar {
		s.floor, healed = roundUp(now), true
	}
	return healed
}
